using Hypervize.Provisioner.Logs;

namespace Hypervize.Provisioner.Tests.Logs;

/// <summary>The place that a follower brings along.</summary>
public sealed class LogCursorSpecs
{
    [Fact]
    public void It_is_read_as_it_was_written()
    {
        var positions = new Dictionary<string, OutputPosition> { ["node-a"] = new(0, 0, false), ["node-b"] = new(5_000_000_000, 0xDEADBEEF, true) };
        var text = LogCursor.Write(positions);
        Assert.Equal("node-a:0:00000000,node-b:5000000000:deadbeef!", text);
        Assert.Equal(positions, LogCursor.Read(text));
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("17"), InlineData("node-a"), InlineData("node-a:1"), InlineData("node-a:-1:00000000"), InlineData("node-a:1:xyz"), InlineData(":1:00000000")]
    [InlineData("node-a:99999999999999999999:00000000"), InlineData("node-a:1:00000000,"), InlineData("node-a:1:00000000,node-a:2:00000000"), InlineData("node-a:1:00000000:2"), InlineData("node-a:1:!")]
    public void One_that_makes_no_sense_is_none(string? text) => Assert.Null(LogCursor.Read(text));
}
