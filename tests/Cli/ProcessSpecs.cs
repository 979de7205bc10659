using Hypervize.Cli.Platform;

namespace Hypervize.Cli.Tests;

public sealed class ProcessSpecs : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public async Task A_process_is_known_by_pid_and_start_time()
    {
        var process = _scratch.Shell("exec sleep 300");
        Assert.True(process.IsAlive);
        Assert.False((process with { StartedAt = process.StartedAt.AddMinutes(-1) }).IsAlive); // The same pid, given to another.
        await process.KillAsync();
        Assert.False(process.IsAlive);
    }

    [Fact]
    public async Task One_that_ignores_the_request_to_end_is_ended()
    {
        var process = _scratch.Shell("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
        await Scratch.UntilAsync(() => LogTail.Of(_scratch["shell.log"]).Contains("deaf"));
        await process.StopAsync(PosixSignalNumber.Terminate, TimeSpan.FromMilliseconds(300));
        Assert.False(process.IsAlive);
    }

    [Fact]
    public async Task Its_group_goes_with_it()
    {
        var process = _scratch.Shell("sleep 300 & echo $!; wait");
        await Scratch.UntilAsync(() => LogTail.Of(_scratch["shell.log"]).Length > 0);
        var child = DetachedProcess.Running(int.Parse(LogTail.Of(_scratch["shell.log"]), System.Globalization.CultureInfo.InvariantCulture))!;
        await process.KillAsync();
        await Scratch.UntilAsync(() => !child.IsAlive);
    }

    [Fact]
    public async Task What_a_marked_process_started_is_found_and_ended()
    {
        var parent = _scratch.Shell("setsid sleep 300 & exec sleep 300");
        await Scratch.UntilAsync(async () => (await MarkedProcesses.FindAsync(_scratch.Folder)).Count == 2);
        Assert.Equal(2, await MarkedProcesses.EndAsync(_scratch.Folder));
        Assert.False(parent.IsAlive);
        Assert.Empty(await MarkedProcesses.FindAsync(_scratch.Folder));
    }

    [Fact]
    public async Task A_folder_whose_name_begins_the_same_is_another()
    {
        var process = _scratch.Shell("exec sleep 300");
        Assert.Empty(await MarkedProcesses.FindAsync(_scratch.Folder[..^1]));
        Assert.NotEmpty(await MarkedProcesses.FindAsync(Path.GetDirectoryName(_scratch.Folder)!));
        await process.KillAsync();
    }

    public void Dispose() => _scratch.Dispose();
}
