"""`python -m api.cli`, which is how a server starts its worker."""

from api.cli import main

main()
