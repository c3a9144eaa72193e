"""Each cluster file is valid for the tool that reads it, without an account."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from deepobs.runner.sweeps import read_plan

CLOUDS = Path(__file__).parents[1]
RAY_FILES = ("ray-aws.yaml", "ray-gcp.yaml", "ray-azure.yaml")
IMAGE = "your-registry/deepobs:cuda"

READ = """
import os, sys
os.environ["HOME"] = os.getcwd()  # SkyPilot writes files to ~/.sky
import jsonschema, sky, yaml
from sky.utils import schemas
task = sky.Task.from_yaml(sys.argv[1])
assert task.num_nodes == 1 and task.run
print("accepted")
config = yaml.safe_load(open(sys.argv[1]))
try:
    jsonschema.validate(config | {"nodes": 2}, schemas.get_task_schema())
except jsonschema.ValidationError:
    print("refused")
"""


def _load(name):
    return list(YAML(typ="safe").load_all((CLOUDS / name).read_text()))


@pytest.mark.parametrize("name", RAY_FILES)
def test_ray_accepts_it(name):
    """Ray's schema and its own checks accept the file, once its defaults are filled in."""
    util = pytest.importorskip("ray.autoscaler._private.util")
    (config,) = _load(name)
    filled = util.prepare_config(config)
    util.validate_config(filled)
    assert filled["head_node_type"] == "head"


@pytest.mark.parametrize("name", RAY_FILES)
def test_a_field_that_ray_does_not_know_is_refused(name):
    """The check above can fail."""
    jsonschema = pytest.importorskip("jsonschema")
    util = pytest.importorskip("ray.autoscaler._private.util")
    (config,) = _load(name)
    with pytest.raises(jsonschema.ValidationError, match="head_nodes"):
        util.validate_config(util.prepare_config(config | {"head_nodes": 1}))


def test_the_clouds_differ_in_their_machines_alone():
    """What is installed and started is the same on each cloud, up to the cloud's own library."""
    first, *others = (_load(name)[0] for name in RAY_FILES)
    for other in others:
        for part in ("setup_commands", "head_start_ray_commands", "worker_start_ray_commands"):
            assert other[part] == first[part]
        assert other["head_setup_commands"][1:] == first["head_setup_commands"][1:]


def test_kubernetes_accepts_the_volume_and_the_pods():
    """The claim and each pod meet the schema of Kubernetes; it refuses unknown fields."""
    kubernetes = pytest.importorskip("kubernetes_validate")
    claim, job = _load("kuberay.yaml")
    cluster = job["spec"]["rayClusterSpec"]
    kubernetes.validate(claim, "1.30", strict=True)
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, **group["template"]}
        kubernetes.validate(pod, "1.30", strict=True)
        for container in pod["spec"]["containers"]:
            assert container["image"] == IMAGE


def test_ray_reads_the_cluster_of_kuberay():
    """Ray reads a head without runs, and one GPU on each worker."""
    module = pytest.importorskip("ray.autoscaler._private.kuberay.autoscaling_config")
    _, job = _load("kuberay.yaml")
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = {
        "metadata": {"name": "deepobs", "namespace": "default"},
        "spec": job["spec"]["rayClusterSpec"],
    }
    config = module._derive_autoscaling_config_from_ray_cr(cluster)
    types = config["available_node_types"]
    assert types[config["head_node_type"]]["resources"]["CPU"] == 0
    assert types["gpu"]["resources"]["GPU"] == 1


def test_skypilot_accepts_it(tmp_path):
    """SkyPilot's schema and its reader accept the file, and refuse an unknown field."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    # SkyPilot needs an older click than the runner does, and so an environment of its own.
    command = ("uv", "run", "-q", "--isolated", "--no-project", "--with", "skypilot==0.14.1")
    result = subprocess.run(
        (*command, "--python", sys.executable, "python", "-c", READ, CLOUDS / "skypilot.yaml"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.stdout.split() == ["accepted", "refused"], result.stderr


def test_hadolint_finds_nothing():
    """The Dockerfile follows the rules of hadolint."""
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not installed")
    result = subprocess.run(("hadolint", CLOUDS / "Dockerfile"), capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("name", ["Dockerfile", "install.sh"])
def test_every_package_is_installed(name):
    """Those that `deepobs` declares, reference results among them, from the clone."""
    project = CLOUDS.parent / "packages/deepobs/pyproject.toml"
    declared = tomllib.loads(project.read_text())["project"]["dependencies"]
    text = (CLOUDS / name).read_text()
    braces = re.compile(r"(\S+)\{(\S+)\}")
    text = braces.sub(lambda found: " ".join(found[1] + x for x in found[2].split(",")), text)
    missing = [one for one in declared if f"packages/{one.split('==')[0]} " not in text]
    assert (missing, "packages/deepobs" in text) == ([], True)


@pytest.mark.parametrize("path", sorted(CLOUDS.glob("*.sh")), ids=lambda path: path.name)
def test_bash_reads_it(path):
    """The script has no mistake of syntax, and may be executed."""
    subprocess.run(("bash", "-n", path), check=True)
    assert path.stat().st_mode & 0o111


def test_the_plan_has_as_many_runs_as_it_says():
    """`small_set.yaml` can be read, and its first line is right."""
    path = CLOUDS / "small_set.yaml"
    plan = read_plan(path)
    assert f"{len(plan.runs)} runs" in path.read_text().splitlines()[0]


def test_the_guide_names_each_file():
    """Nothing is left out of the guide."""
    guide = (CLOUDS.parent / "docs/guides/clouds.md").read_text()
    files = [path.name for path in CLOUDS.iterdir() if path.is_file()]
    assert [name for name in files if name not in guide and "ignore" not in name] == []
