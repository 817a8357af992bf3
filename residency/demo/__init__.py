"""The embedded estate: a small company on an emulator, scanned through the real clients.

Only the endpoint differs from a scan of a real account. What the emulator is silent about or gets
wrong is answered by a layer in the server's own process; nothing is hooked into a client of the scan.
"""
