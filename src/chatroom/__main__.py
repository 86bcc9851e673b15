"""`python -m chatroom` is the command `chatroom`."""

from chatroom.cli.main import main

if __name__ == "__main__":
    main(prog_name="chatroom")
