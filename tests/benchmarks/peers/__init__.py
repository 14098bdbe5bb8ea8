"""What Reckoner is compared with: other shapes of the same service, each as its authors advise.

Each peer is one module that its own processes import. It reads the addresses of the servers from
the environment when it is imported: that is how its worker's command line wants it. How the
processes are started, with which options and why, is in lineup.py.
"""
