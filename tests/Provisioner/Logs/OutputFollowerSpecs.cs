using Hypervize.Provisioner.Local;
using Hypervize.Provisioner.Logs;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Provisioner.Tests.Logs;

/// <summary>Who follows what a node prints, in real files.</summary>
public sealed class OutputFollowerSpecs : IDisposable
{
    private const int Large = 6 * 1024 * 1024;
    private readonly string _folder = Directory.CreateTempSubdirectory("hypervize-follow-").FullName;
    private readonly FakeTimeProvider _time = new();

    private OutputLog Log => new(Path.Combine(_folder, "output.log"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_begins_with_the_last_lines_and_goes_on_with_what_is_added()
    {
        Print("one\ntwo\nthree\n");
        var follower = OutputFollower.OfLast(Log, 2, _time);
        Assert.Equal(["two", "three"], All(follower));
        Assert.Empty(All(follower));
        Print("four\n\nfive\r\n");
        Assert.Equal(["four", "", "five"], All(follower));
    }

    [Fact]
    public void Where_nothing_was_printed_it_waits()
    {
        var follower = OutputFollower.OfLast(Log, 2, _time);
        Assert.Empty(All(follower));
        Print("one\n");
        Assert.Equal(["one"], All(follower));
    }

    [Fact]
    public void The_last_lines_reach_into_the_file_before()
    {
        File.WriteAllText($"{Log.Path}.1", "one\ntwo\n");
        Print("three\n");
        Assert.Equal(["two", "three"], All(OutputFollower.OfLast(Log, 2, _time)));
        Assert.Equal(["one", "two", "three"], All(OutputFollower.OfLast(Log, 9, _time)));
    }

    [Fact]
    public void A_line_is_told_when_it_is_finished_or_after_it_stood_for_a_second()
    {
        Print("one\nunfin");
        var follower = FromStart();
        Assert.Equal(["one"], All(follower));
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Empty(All(follower));
        Print("ished\n99 %");
        Assert.Equal(["unfinished"], All(follower));
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Empty(All(follower));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(["99 %"], All(follower));
        Print(" done\n");
        Assert.Equal([" done"], All(follower));
    }

    [Fact]
    public void What_a_node_left_unfinished_is_told_when_it_has_ended()
    {
        Print("Segmentation fau");
        Assert.Equal(["Segmentation fau"], FromStart().Read(ended: true).Lines);
    }

    [Fact]
    public void A_long_line_is_cut_however_it_comes()
    {
        var follower = FromStart();
        Print(new string('x', 20_000));
        Assert.Equal(new string('x', 16_384) + "…", Assert.Single(All(follower)));
        Print(new string('y', 300_000));
        Assert.Empty(All(follower));
        Print("z\nnext\n" + new string('é', 10_000) + "\n");
        Assert.Equal(["next", new string('é', 8192) + "…"], All(follower));
        var again = new OutputFollower(Log, follower.Position, _time);
        Print("last\n");
        Assert.Equal(["last"], All(again));
    }

    [Fact]
    public void The_rest_of_a_cut_line_stays_left_out_for_who_comes_again()
    {
        Print(new string('x', 20_000));
        var follower = FromStart();
        Assert.Single(All(follower));
        Print("rest\nnext\n");
        Assert.Equal(["next"], All(new(Log, follower.Position, _time)));
    }

    [Fact]
    public void Bytes_that_are_no_text_break_nothing()
    {
        Print([0xFF, 0xFE, (byte)'a', 0xC3, (byte)'\n', 0, (byte)'\n', 0xE2, 0x82]);
        var follower = FromStart();
        Assert.Equal(["\uFFFD\uFFFDa\uFFFD", "\0"], All(follower));
        _time.Advance(TimeSpan.FromSeconds(2));
        // The beginning of a character waits for its end.
        Assert.Empty(All(follower));
        Print([0xAC, (byte)'\n']);
        Assert.Equal(["€"], All(follower));
    }

    [Fact]
    public void After_a_rotation_the_rest_of_the_old_file_is_told_and_nothing_twice()
    {
        Print(Filled("one"));
        var follower = OutputFollower.OfLast(Log, 1, _time);
        Assert.Equal(["one"], All(follower));
        Print("two\n");
        Log.Rotate();
        Print("three\n");
        Assert.Equal(["two", "three"], All(follower));
        Print("four\n");
        Assert.Equal(["four"], All(follower));
    }

    [Fact]
    public void A_new_file_that_has_grown_larger_than_the_old_one_is_not_taken_for_it()
    {
        Print(Filled("one"));
        var follower = OutputFollower.OfLast(Log, 1, _time);
        All(follower);
        Print("two\n");
        Log.Rotate();
        Print(new string('y', Large + 100) + "\nthree\n");
        Assert.InRange(follower.Read(ended: false).Skipped, 5_000_000, Large);
        Assert.Equal("three", All(follower)[^1]);
    }

    [Fact]
    public void Who_comes_again_after_two_rotations_hears_what_is_between()
    {
        Print(Filled("one"));
        var follower = OutputFollower.OfLast(Log, 1, _time);
        All(follower);
        Print("two\n");
        Log.Rotate();
        // As if a large file had been rotated, but for its size.
        File.Move($"{Log.Path}.1", $"{Log.Path}.2");
        File.WriteAllText($"{Log.Path}.1", "three\nfo");
        Print("ur\nfive\n");
        Assert.Equal(["two", "three", "four", "five"], All(new(Log, LogCursor.Read(LogCursor.Write([KeyValuePair.Create("node-a", follower.Position)]))!["node-a"], _time)));
    }

    [Fact]
    public void Who_comes_again_after_all_of_it_is_gone_hears_the_newest_file()
    {
        Print("one\n");
        var follower = FromStart();
        All(follower);
        File.WriteAllText($"{Log.Path}.1", "much later\n");
        File.WriteAllText(Log.Path, "still later\n");
        Assert.Equal(["still later"], All(new(Log, follower.Position, _time)));
        Assert.Equal(["still later"], All(new(Log, new(long.MaxValue, 7, false), _time)));
    }

    [Fact]
    public void A_file_that_is_copied_and_not_yet_emptied_is_still_the_same()
    {
        Print("one\n");
        var follower = FromStart();
        All(follower);
        File.Copy(Log.Path, $"{Log.Path}.1");
        Print("two\n");
        Assert.Equal(["two"], All(follower));
    }

    [Fact]
    public void Who_is_far_behind_goes_on_near_the_end_with_a_whole_line_and_knows_how_much_is_left_out()
    {
        var line = new string('x', 99) + "\n";
        var follower = FromStart();
        Print(string.Concat(Enumerable.Repeat(line, 20_000)) + "last\n");
        var batch = follower.Read(ended: false);
        Assert.Equal(20_000 * 100 + 5 - 256 * 1024, batch.Skipped);
        Assert.True(batch.More);
        Assert.Equal((500, 100), (batch.Lines.Count, batch.Lines[0].Length + 1));
        var rest = All(follower);
        Assert.Equal("last", rest[^1]);
        Assert.InRange(rest.Count + 500, 2600, 2622);
    }

    [Fact]
    public void It_reads_in_small_pieces_and_misses_nothing()
    {
        Print(string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i}\n")));
        var (follower, told, pieces) = (FromStart(), new List<string>(), 0);
        for (var more = true; more; pieces++)
        {
            // Each piece by another follower, which knows only where the one before it was.
            var batch = (follower = new(Log, follower.Position, _time)).Read(ended: false);
            Assert.InRange(batch.Lines.Count, 0, 500);
            Assert.Equal(0, batch.Skipped);
            told.AddRange(batch.Lines);
            more = batch.More;
        }
        Assert.Equal(Enumerable.Range(0, 60_000).Select(i => $"{i}"), told);
        Assert.InRange(pieces, 120, 130);
    }

    // More than a rotation needs, less than a skip does.
    private static string Filled(string last) => string.Concat(Enumerable.Repeat(new string('x', 999) + "\n", Large / 1000)) + last + "\n";

    private OutputFollower FromStart() => new(Log, default, _time);

    private void Print(string text) => File.AppendAllText(Log.Path, text);

    private void Print(byte[] bytes)
    {
        using var file = new FileStream(Log.Path, FileMode.Append);
        file.Write(bytes);
    }

    private static List<string> All(OutputFollower follower)
    {
        var told = new List<string>();
        while (true)
        {
            var batch = follower.Read(ended: false);
            told.AddRange(batch.Lines);
            if (!batch.More) return told;
        }
    }
}
