"""The lock for state that belongs to the whole process."""

import threading

#: Held while the process's random streams or torch's settings are in use. A run in another thread
#: waits; the same thread may take it again.
PROCESS_STATE = threading.RLock()
