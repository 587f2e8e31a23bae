"""The example of commands: a command line in the modules of a package."""
