using System.Diagnostics;
using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Tests;

/// <summary>What nodes print.</summary>
public sealed class OutputLogSpecs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypervize-output-").FullName;

    private string FilePath => Path.Combine(_folder, "output.log");

    private OutputLog Output => new(FilePath);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Nothing_printed_is_no_output()
    {
        Assert.Empty(Output.Tail(10));
        Assert.Null(Output.LastWords());
    }

    [Fact]
    public void The_tail_is_the_last_lines_oldest_first()
    {
        File.WriteAllText(FilePath, "one\ntwo\nthree\n");
        Assert.Equal(["two", "three"], Output.Tail(2));
    }

    [Fact]
    public void Last_words_are_four_kilobytes_at_most()
    {
        File.WriteAllLines(FilePath, Enumerable.Range(0, 1000).Select(i => $"{i} {new string('x', 200)}"));
        Assert.InRange(Output.LastWords()!.Length, 3000, 4096);
        Assert.StartsWith("999 ", Output.LastWords()!.Split('\n')[^1]);
    }

    [Fact]
    public async Task A_large_file_begins_anew_under_the_hands_of_who_writes_it()
    {
        using var writer = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "while read line; do echo \"$line\"; done >>\"$0\"", FilePath]) { RedirectStandardInput = true })!;
        for (var round = 1; round <= 4; round++)
        {
            await writer.StandardInput.WriteLineAsync($"round {round}");
            await writer.StandardInput.FlushAsync();
            await Eventually.TrueAsync(() => Output.Tail(1) is [var last] && last == $"round {round}", $"round {round} is written");
            await File.AppendAllTextAsync(FilePath, new string('x', 6 * 1024 * 1024) + "\n");
            Output.Rotate();
            Assert.Equal(0, new FileInfo(FilePath).Length);
        }
        writer.StandardInput.Close();
        await writer.WaitForExitAsync();
        Assert.Equal(["output.log", "output.log.1", "output.log.2"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
        Assert.Equal(["round 3", "round 4"], new[] { 2, 1 }.Select(n => File.ReadLines($"{FilePath}.{n}").First()));
    }

    [Fact]
    public void The_tail_reaches_into_the_file_before()
    {
        File.WriteAllText($"{FilePath}.1", "one\ntwo\n");
        File.WriteAllText(FilePath, "three\n");
        Assert.Equal(["two", "three"], Output.Tail(2));
    }
}
