#!/usr/bin/env bash
# Installs DeepOBS from the clone around this file into ~/env, and downloads the small set's data.
#     clouds/install.sh [EXTRAS], such as ray,cloud
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || curl -LsSf https://astral.sh/uv/install.sh | sh
export PATH="$HOME/.local/bin:$PATH"
uv venv --quiet --allow-existing --python 3.12 "$HOME/env"
uv pip install --quiet --python "$HOME/env/bin/python" \
    packages/deepobs-{data,models,problems,baselines,runner} "packages/deepobs${1:+[$1]}"
grep -q env/bin/activate "$HOME/.bashrc" || echo 'source ~/env/bin/activate' >>"$HOME/.bashrc"
for name in mnist fashion_mnist cifar10; do
    "$HOME/env/bin/deepobs" data prepare "$name"
done
