using System.Diagnostics;
using System.Text;
using Hypervize.Bench.Load;
using Hypervize.Bench.Node;

namespace Hypervize.Bench.Tests;

/// <summary>What the load generators and the node behind the proxies make of bytes.</summary>
public sealed class LoadSpecs
{
    [Theory, InlineData("0", new[] { 0 }), InlineData("0-3,8\n", new[] { 0, 1, 2, 3, 8 })]
    public void Cores_are_read_as_the_kernel_lists_them(string list, int[] expected) => Assert.Equal(expected, Cores.Listed(list));

    [Fact]
    public void A_message_ends_where_its_length_says()
    {
        var request = HttpText.Post("/v1/chat/completions", "key", "{}");
        Assert.Equal(request.Length, HttpText.LengthOf([.. request, .. "more"u8], out var body));
        Assert.Equal("{}", Encoding.ASCII.GetString(request[body..]));
        Assert.Equal(-1, HttpText.LengthOf(request.AsSpan(0, request.Length - 1), out _));
    }

    [Fact]
    public void A_stream_ends_with_its_last_chunk()
    {
        byte[] stream = [.. Answers.StreamHead, .. Answers.Chunk, .. Answers.StreamEndWithUsage];
        Assert.Equal(stream.Length, HttpText.LengthOf(stream, out _));
        Assert.Equal(-1, HttpText.LengthOf(stream.AsSpan(0, stream.Length - 1), out _));
        Assert.Equal(200, HttpText.StatusOf(stream));
    }

    [Fact]
    public void Answers_are_as_large_as_they_are_said_to_be()
    {
        Assert.InRange(Answers.Completion.Length, 950, 1200);
        Assert.InRange(Answers.Chunk.Length, 230, 270);
        Assert.Equal(1024, Proxy.Requests.Whole.Length);
        Assert.Equal(1024, Proxy.Requests.Streamed.Length);
    }

    [Fact]
    public async Task An_open_loop_hears_what_the_node_answers()
    {
        if (!OperatingSystem.IsLinux()) return;
        using var stop = new CancellationTokenSource();
        using var node = new AnsweringNode();
        var port = node.Listen();
        var serving = Task.Factory.StartNew(() => node.Serve(stop.Token), TaskCreationOptions.LongRunning);
        using var loop = new OpenLoop(port, HttpText.Post("/v1/chat/completions", "key", Proxy.Requests.Whole));
        var sent = await loop.RunAsync(1_000, 100, TimeSpan.FromSeconds(30), stop.Token);
        Assert.All(sent, s => Assert.True(s.Served && s.Milliseconds > 0));
        Assert.Equal(99, Stopwatch.GetElapsedTime(sent[0].Due, sent[^1].Due).TotalMilliseconds, tolerance: 0.01);
        await stop.CancelAsync();
        await serving;
    }
}
