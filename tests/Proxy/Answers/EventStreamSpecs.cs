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

    private static readonly (int, string)[] Chat =
    [
        (1, """{"choices":[{"delta":{"content":"a"}}]}"""), (1, """{"choices": [{"delta": {"content": "a"}}]}"""), (1, """{"choices":[{"delta":{"content":null,"reasoning_content":"a"}}]}"""),
        (1, """{"choices":[{"delta":{"content":"","reasoning":"a","reasoning_content":"a"}}]}"""), (1, """{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]}}]}"""),
        (2, """{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}"""),
        (1, """{"choices":[{"delta":{"content":"\"delta\":\"b\""},"logprobs":{"content":[{"token":"a"}]}}]}"""),
        (0, """{"choices":[{"delta":{"content":""}}]}"""), (0, """{"choices":[{"delta":{"role":"assistant","content":null}}]}"""), (0, """{"choices":[{"delta":{},"finish_reason":"stop"}]}"""), (0, "[DONE]"),
    ];

    private static readonly (int, string)[] Completions = [(1, """{"choices":[{"text":"a"}]}"""), (1, """{"choices": [{"index": 0, "text": "a"}]}"""), (0, """{"choices":[{"text":""}]}"""), (0, "[DONE]")];

    private static readonly (int, string)[] Responses =
    [
        (0, """{"type":"response.created","response":{"instructions":[{"content":[{"text":"a"}]}],"output":[],"usage":null}}"""),
        (1, """{"type":"response.output_text.delta","delta":"hi"}"""), (1, """{"type":"response.function_call_arguments.delta","delta":"{\"a"}"""), (0, """{"type":"response.output_text.delta","delta":""}"""),
        (0, """{"type":"response.output_text.done","text":"hi"}"""), (0, """{"type":"response.function_call_arguments.done","arguments":"{}"}"""),
        (0, """{"type":"response.output_item.done","item":{"content":[{"type":"output_text","text":"hi"}]}}"""),
    ];

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

    [Theory]
    [InlineData("\n\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("\n\r\n")]
    public void An_event_is_passed_on_with_its_last_byte(string separator)
    {
        var (stream, to) = (new EventStream("\"model\""u8.ToArray(), false), new ArrayBufferWriter<byte>());
        var bytes = Encoding.UTF8.GetBytes($"data: 1{separator}");
        Assert.All(bytes[..^1], b => Assert.False(stream.Pass([b], to)));
        Assert.True(stream.Pass(bytes.AsSpan(bytes.Length - 1), to));
        Assert.Equal(bytes, to.WrittenSpan.ToArray());
    }

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
    public void A_token_is_counted_once_whatever_it_is_a_piece_of() => Gen.Select(Gen.OneOf(Gen.OneOf(Chat).Array[0, 10], Gen.OneOf(Completions).Array[0, 10], Gen.OneOf(Responses).Array[0, 10]), Cut.Lengths)
        .Sample((events, cut) => Assert.Equal(events.Sum(e => e.Item1), Passed(string.Concat(events.Select(e => $"data: {e.Item2}\n\n")), cut).Stream.TextEvents));

    /// <summary>Callers name parameters of their tools as they like, and answers of the Responses API repeat them.</summary>
    [Theory]
    [InlineData("""{"usage":{"type":"string"}}""")]
    [InlineData("""{"usage":{"type":"object","prompt_tokens":0}}""")]
    [InlineData("""{"response":{"usage":{"input_tokens":0,"output_tokens":0}}}""")]
    public void A_callers_parameter_of_that_name_is_no_usage(string parameters)
    {
        const string Usage = "\"usage\":{\"input_tokens\":30,\"output_tokens\":50}";
        var tools = $"\"tools\":[{{\"parameters\":{{\"properties\":{parameters}}}}}]";
        string Event(string type, string members) => $"event: {type}\ndata: {{\"type\":\"{type}\",\"response\":{{{members}}}}}\n\n";
        foreach (var pieces in Cut.AtEachPlace(Event("response.completed", $"{tools},{Usage}"))) Assert.Equal(new TokenUsage(30, 50), Passed(pieces).Stream.Usage);
        Assert.Equal(new TokenUsage(30, 50), Passed([Encoding.UTF8.GetBytes(Event("response.completed", $"{Usage},{tools}"))]).Stream.Usage);
        // Of a stream that breaks after that, the deltas count.
        Assert.Null(Passed([Encoding.UTF8.GetBytes(Event("response.created", tools))]).Stream.Usage);
        Assert.Null(Passed([Encoding.UTF8.GetBytes(Event("response.created", $"{tools},\"usage\":null"))]).Stream.Usage);
    }

    [Fact]
    public void A_giant_event_is_not_searched_anew_for_every_piece_of_it()
    {
        var (stream, to, piece) = (new EventStream("\"model\""u8.ToArray(), false), new ArrayBufferWriter<byte>(), new byte[16 * 1024]);
        piece.AsSpan().Fill((byte)'A');
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var i = 0; i < 1980; i++) Assert.False(stream.Pass(piece, to));
        Assert.True(stream.Pass("\n\ndata: 1"u8, to));
        stream.End(to);
        Assert.Equal(1980 * piece.Length + 9, to.WrittenCount);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 1.5); // A tenth, or many times as much.
    }

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
