"""What belongs to the process as a whole, and the lock for it."""

import threading

#: Held while the process's random streams or torch's settings are in use. A run in another thread
#: waits; the same thread may take it again.
PROCESS_STATE = threading.RLock()
