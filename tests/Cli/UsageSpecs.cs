namespace Hypervize.Cli.Tests;

/// <summary>What a wrong command line is told.</summary>
public sealed class UsageSpecs
{
    [Theory]
    [InlineData("quote m --max banana", "--max takes a whole number, not 'banana'.", "hypervize quote")]
    [InlineData("simulate --prompt-rate many", "--prompt-rate takes a number, not 'many'.", "hypervize simulate")]
    [InlineData("endpoints create c --utilisation half", "--utilisation takes a number, not 'half'.", "hypervize endpoints create")]
    [InlineData("endpoints metrics c --hours many", "--hours takes a number, not 'many'.", "hypervize endpoints metrics")]
    [InlineData("simulate --endpoint c --hours many", "--hours takes a whole number, not 'many'.", "hypervize simulate")]
    [InlineData("billing cap much", "The amount must be a number such as 250 or 250.50.", "hypervize billing cap")]
    public async Task What_is_wrong_is_told_and_where_to_read_more(string command, string wrong, string named)
    {
        var (exitCode, output) = await RunAsync(command);
        Assert.Equal((2, $"{wrong}\n{named} --help tells what it takes.\n"), (exitCode, output));
    }

    [Fact]
    public async Task A_misspelt_option_is_told_which_was_meant_and_no_help_scrolls_it_off()
    {
        var (exitCode, output) = await RunAsync("quote m --maxx 3");
        Assert.Equal(2, exitCode);
        Assert.Contains("'--maxx' was not matched. Did you mean one of the following?\n--max\n", output);
        Assert.DoesNotContain("Options:", output);
    }

    [Theory, InlineData("endpoints", "wake"), InlineData("billing", "cap")]
    public async Task Who_names_no_command_sees_which_there_are(string command, string one)
    {
        var (exitCode, output) = await RunAsync(command);
        Assert.Equal(2, exitCode);
        Assert.Matches($@"Commands:\n(.*\n)*  {one} ", output);
    }

    private static Task<(int ExitCode, string Output)> RunAsync(string command) =>
        Executables.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "hypervize.dll"), .. command.Split(' ')], CancellationToken.None);
}
