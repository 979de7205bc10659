using Hypervize.Cli.Testing;

namespace Hypervize.Cli.Tests;

public sealed class TestRunSpecs
{
    private const string Results = """
        <?xml version="1.0" encoding="utf-8"?>
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
          <Results>
            <UnitTestResult testName="A_good_one" outcome="Passed" />
            <UnitTestResult testName="A_bad_one" outcome="Failed">
              <Output><ErrorInfo><Message>Expected 1, was 2</Message><StackTrace>at Some.Spec()</StackTrace></ErrorInfo></Output>
            </UnitTestResult>
            <UnitTestResult testName="One_for_later" outcome="NotExecuted" />
          </Results>
          <ResultSummary outcome="Failed"><RunInfos>{0}</RunInfos></ResultSummary>
        </TestRun>
        """;

    private static string With(string runInfo) => Results.Replace("{0}", runInfo, StringComparison.Ordinal);

    [Fact]
    public void Results_are_counted_by_outcome() => Assert.Equal("1 passed, 1 failed, 1 skipped", TestRun.Read("Some", With("")).Summary);

    [Fact]
    public void A_failure_is_told_with_its_message_and_place() =>
        Assert.Equal([new FailedTest("Some", "A_bad_one", "Expected 1, was 2", "at Some.Spec()")], TestRun.Read("Some", With("")).Failures);

    [Fact]
    public void A_host_that_crashed_is_a_failure_beside_those_of_its_tests() => Assert.Equal(2, TestRun.Read("Some", With(
        "<RunInfo outcome=\"Error\"><Text>The active test run was aborted. Reason: Test host process crashed</Text></RunInfo>")).Failed);

    [Fact]
    public void What_the_runner_says_of_a_failed_test_is_not_another_failure() => Assert.Equal(1, TestRun.Read("Some", With(
        "<RunInfo outcome=\"Error\"><Text>[xUnit.net 00:00:01.00] A_bad_one [FAIL]</Text></RunInfo>")).Failed);

    [Fact]
    public void Runs_add_up()
    {
        var sum = TestRun.Sum([TestRun.Read("One", With("")), TestRun.Read("Two", With("")), TestRun.Died("Three", "Killed")]);
        Assert.Equal(("2 passed, 3 failed, 2 skipped", 3), (sum.Summary, sum.Failures.Count));
    }

    [Fact]
    public void What_passes_when_it_is_run_once_more_has_passed_and_is_named()
    {
        var run = Failing("A", "B(x: 1)").After(new(1, 1, 0, [new("Some", "A", "again", "")]) { Good = [("Some", "B(x: 1)"), ("Other", "A")] });
        Assert.Equal(("11 passed, 1 failed, 2 skipped", "A", "B(x: 1)"), (run.Summary, Assert.Single(run.Failures).Name, Assert.Single(run.Unsteady).Name));
    }

    [Fact]
    public void What_was_not_run_once_more_has_failed()
    {
        Assert.Equal(2, Failing("A", "B").After(TestRun.Died("Some", "Killed")).Failed);
        Assert.Equal(2, Failing("A", "B").After(TestRun.None).Failed);
        Assert.Equal(1, TestRun.Died("Some", "Killed").After(new(5, 0, 0, []) { Good = [("Some", "A")] }).Failed);
    }

    [Fact]
    public void Run_once_more_is_what_failed_by_its_name_without_the_case() =>
        Assert.Equal(["FullyQualifiedName=A", "FullyQualifiedName=B"], TestRun.Sum([Failing("A", "B(x: 1)"), TestRun.Died("Some", "Killed")]).OnceMore["Some"]);

    private static TestRun Failing(params string[] names) => new(10, names.Length, 2, [.. names.Select(n => new FailedTest("Some", n, "bad", ""))]);
}
