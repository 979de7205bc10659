using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Hypervize.Proxy.Answers;

namespace Hypervize.Proxy.Tests.Answers;

/// <summary>Server-sent events of nodes on their way to clients.</summary>
public sealed class EventStreamSpecs
{
    private const string UsageOnly = """data: {"id":"1","choices":[],"model":"model","usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}""";

    private static readonly Gen<string> Event = Gen.OneOf(
        Gen.OneOf(": ping", "event: x\ndata: 1", "data: [DONE]", "data:", "retry: 5", "data: {\"usage\":null,\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", "data: {\"choices\":[],\"usage\":null}"),
        Gen.String[Gen.Char.AlphaNumeric, 0, 200].Select(text => $$$"""data: {"choices":[{"delta":{"content":"{{{text}}}"}}],"model":"model"}"""),
        Gen.String[Gen.OneOf('\u00e9', '\u20ac', ' ', '\\', 'n'), 0, 50].Select(text => $$"""data: {"text":{{JsonValue.Create(text)!.ToJsonString()}}}"""));

    private static readonly Gen<string> Separator = Gen.OneOf("\n\n", "\r\n\r\n", "\n\r\n");

    private static readonly Gen<(string[] Events, int[] Cut)> Streams = Gen.Select(Gen.Select(Event, Separator, (e, s) => e.ReplaceLineEndings(s == "\r\n\r\n" ? "\r\n" : "\n") + s).Array[0, 12], Cut.Lengths);

    [Fact]
    public void Any_cutting_of_a_stream_yields_the_same_bytes() =>
        Streams.Sample(s => Assert.Equal(string.Concat(s.Events), Passed(string.Concat(s.Events), s.Cut).Text));

    [Fact]
    public void Whatever_was_passed_on_ends_with_a_whole_event() => Streams.Sample(s =>
    {
        var (stream, to) = (new EventStream("\"model\""u8.ToArray(), false), new ArrayBufferWriter<byte>());
        foreach (var piece in Cut.Into(Encoding.UTF8.GetBytes(string.Concat(s.Events)), s.Cut))
            if (stream.Pass(piece, to)) Assert.Matches("(\n|\r\n)\r?\n$", Encoding.UTF8.GetString(to.WrittenSpan));
    });

    [Fact]
    public void The_usage_is_hidden_when_it_was_asked_for_by_us_and_only_then() => Gen.Select(Streams, Gen.Bool, Separator).Sample((s, hides, separator) =>
    {
        var (before, usage) = (string.Concat(s.Events), $"{UsageOnly}{separator}");
        var (text, stream) = Passed($"{before}{usage}data: [DONE]\n\n", s.Cut, hides);
        Assert.Equal($"{before}{(hides ? "" : usage)}data: [DONE]\n\n", text);
        Assert.Equal(new TokenUsage(5, 7), stream.Usage);
    });

    [Fact]
    public void An_event_that_brings_text_and_usage_is_shown()
    {
        const string Both = """data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}""" + "\n\n";
        foreach (var pieces in Cut.AtEachPlace(Both))
        {
            var (text, stream) = Passed(pieces, hides: true);
            Assert.Equal((Both, new TokenUsage(5, 1)), (text, stream.Usage));
        }
    }

    [Theory]
    [InlineData("""data: {"usage": { "prompt_tokens" : 5 , "completion_tokens" : 7 }, "choices" : [ ] }""")]
    [InlineData("""data: {"usage":{"prompt_tokens":5,"completion_tokens":7},"choices":[]}""")]
    [InlineData("""data:{"choices":[],"usage":{"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":3},"prompt_tokens":5},"timings":{"x":1}}""")]
    public void The_usage_is_found_and_hidden_however_it_is_written(string one)
    {
        var (text, stream) = Passed([Encoding.UTF8.GetBytes($"{one}\n\n")], hides: true);
        Assert.Equal(("", new TokenUsage(5, 7)), (text, stream.Usage));
    }

    [Fact]
    public void A_usage_at_the_end_is_found_and_hidden_although_nothing_ends_its_event()
    {
        var (text, stream) = Passed([Encoding.UTF8.GetBytes($"data: 1\n\n{UsageOnly}\n")], hides: true);
        Assert.Equal(("data: 1\n\n", new TokenUsage(5, 7)), (text, stream.Usage));
    }

    [Theory]
    [InlineData("""data: {"model":"other","choices":[{"delta":{"content":"other"}}]}""", """data: {"model":"model","choices":[{"delta":{"content":"other"}}]}""")]
    [InlineData("""data: { "id" : 1, "model" : "oth\u0065r" }""", """data: { "id" : 1, "model" : "model" }""")]
    [InlineData("""data: {"choices":[{"model":"inner"}],"model":"other"}""", """data: {"choices":[{"model":"inner"}],"model":"model"}""")]
    [InlineData("event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"1\",\"model\":\"other\",\"output\":[]}}", "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"1\",\"model\":\"model\",\"output\":[]}}")]
    public void Another_name_than_the_endpoints_is_replaced(string sent, string passed)
    {
        foreach (var pieces in Cut.AtEachPlace($"{sent}\n\n{sent}\r\n\r\n")) Assert.Equal($"{passed}\n\n{passed}\r\n\r\n", Passed(pieces).Text);
    }

    [Fact]
    public void Renaming_and_hiding_go_together()
    {
        var other = UsageOnly.Replace("\"model\":\"model\"", "\"model\":\"other\"", StringComparison.Ordinal);
        foreach (var pieces in Cut.AtEachPlace($"data: {{\"model\":\"other\"}}\n\n{other}\n\ndata: [DONE]\n\n"))
            Assert.Equal("data: {\"model\":\"model\"}\n\ndata: [DONE]\n\n", Passed(pieces, hides: true).Text);
    }

    [Theory]
    [InlineData("""data: {"model" "other"}""")]
    [InlineData("""data: {"\ud800":1,"model":"other"}""")]
    [InlineData("""data: {"model":3}""")]
    public void What_is_no_JSON_goes_as_it_came(string one) => Assert.Equal($"{one}\n\n", Passed([Encoding.UTF8.GetBytes($"{one}\n\n")]).Text);

    [Fact]
    public void Events_with_text_are_counted() => Gen.Select(
        Gen.OneOf(
            (1, """{"choices":[{"delta":{"content":"a"}}]}"""), (1, """{"choices": [{"delta": {"content": "a"}}]}"""), (1, """{"choices":[{"text":"a"}]}"""), (1, """{"choices":[{"delta":{"reasoning_content":"a"}}]}"""),
            (0, """{"choices":[{"delta":{"content":""}}]}"""), (0, """{"choices":[{"delta":{"role":"assistant","content":null}}]}"""), (0, "[DONE]")).Array[0, 10],
        Cut.Lengths).Sample((events, cut) => Assert.Equal(events.Sum(e => e.Item1), Passed(string.Concat(events.Select(e => $"data: {e.Item2}\n\n")), cut).Stream.TextEvents));

    [Fact]
    public void Whatever_comes_passes_unless_it_is_a_usage() => Gen.Select(Gen.OneOf("\n", "\r", "data: ", "{", "}", "\"usage\"", ":", "null", "\"choices\":[]", "\"model\"", "\"model\":\"model\"", "\0", "\u00e9").List[0, 40], Cut.Lengths, Gen.Bool)
        .Sample((parts, cut, hides) => Assert.Equal(string.Concat(parts), Passed(string.Concat(parts), cut, hides).Text));

    private static (string Text, EventStream Stream) Passed(string stream, int[] cut, bool hides = false) => Passed(Cut.Into(Encoding.UTF8.GetBytes(stream), cut), hides);

    private static (string Text, EventStream Stream) Passed(IEnumerable<byte[]> pieces, bool hides = false)
    {
        var (stream, to) = (new EventStream("\"model\""u8.ToArray(), hides), new ArrayBufferWriter<byte>());
        foreach (var piece in pieces) stream.Pass(piece, to);
        stream.End(to);
        return (Encoding.UTF8.GetString(to.WrittenSpan), stream);
    }
}
