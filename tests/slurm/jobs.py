"""What tests of the shipped jobs share: the demo that they run, undisturbed or resumed.

HARSANYI_PAUSE=1:slice:300 lets rank 1 of two stand still in the second of its two samples, until it
gets SIGCONT: so a run is in the middle when it is stopped, however slow the machine is.
HARSANYI_STOP in its place stops the run there as SIGUSR1 would.
"""
from check_dataset import differences, faults
from program import DATA, PROGRAM, ProgramTest, run_attributes

JOBS = DATA.parent / "jobs"
RANKS = 2
IN_THE_MIDDLE = "1:slice:300"


class JobTest(ProgramTest):
    """A test of a script that runs the demo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = None

    def setUp(self):
        self.work = self.folder / self._testMethodName
        self.work.mkdir()

    def environment(self, **more):
        """What the scripts are to be told."""
        return {"HARSANYI": PROGRAM, "DATA": str(DATA), **more}

    def check_like_undisturbed(self, out, said, resumed):
        """The file is complete and has the bytes of a run without a stop; nothing else is left."""
        cls = type(self)
        if not cls.plain:
            cls.plain, _ = self.interactions(
                "--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
                "--labels", DATA / "digits_labels.npy", "--select", "0:4", "--players", "grid:4x4",
                "--types", "and,or")
        self.assertEqual(faults(out) + differences(out, cls.plain), [], said)
        self.assertEqual(run_attributes(out)["resumed"], resumed, said)
        self.assertEqual([path.name for path in out.parent.glob(f"{out.name}*")], [out.name], said)
