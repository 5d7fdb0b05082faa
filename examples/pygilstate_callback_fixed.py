"""An exercise (`--exercise-dir examples`): the callback must run in the interpreter that asked for it."""


def exercise(module):
    seen = []
    here = globals()

    def callback():
        import sys

        # The main interpreter's `sys` is another object than the one of the interpreter that defined this function.
        seen.append(sys.modules is here["modules"])

    import sys

    here["modules"] = sys.modules
    module.call_in_thread(callback)
    assert seen == [True], "the callback ran in another interpreter"
