"""How a command ended, as a program that started it learns."""

from enum import IntEnum

from phototriage.errors import OptionError, OutputError, PhototriageError

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """The exit code of every command. Where several apply, the highest of 0 to 4 counts."""

    DONE = 0
    """Everything asked for was done."""
    FAILED = 1
    """Nothing was done, for the reason in the last line of standard error."""
    USAGE = 2
    """The command line, or a value in it, is wrong."""
    LEFT_OUT = 3
    """Everything was written, but some photos could not be used."""
    INCOMPLETE = 4
    """Something asked for could not be written."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C or SIGTERM; finished work is kept."""

    @classmethod
    def of(cls, *, left_out: object = (), complete: bool = True) -> "ExitCode":
        """The code of a command that ended: `left_out` is true where photos were left out."""
        if not complete:
            return cls.INCOMPLETE
        return cls.LEFT_OUT if left_out else cls.DONE

    @classmethod
    def of_error(cls, error: PhototriageError) -> "ExitCode":
        """The code of a command that an error ended."""
        if isinstance(error, OptionError):
            return cls.USAGE
        return cls.INCOMPLETE if isinstance(error, OutputError) else cls.FAILED
