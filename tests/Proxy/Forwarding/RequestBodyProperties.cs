using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CsCheck;
using Hypervize.Contracts;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Routing;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Proxy.Tests.Forwarding;

/// <summary>What goes to a node in the place of what a client sent, against a parser that reads all of it.</summary>
public sealed class RequestBodyProperties
{
    private const int Iterations = 3_000;
    private static readonly RoutedEndpoint Endpoint = new(1, Some.Endpoint("endpt-000000000001", EndpointStatus.Up));

    [Fact]
    public void The_model_is_the_nodes_the_usage_is_asked_for_and_all_else_is_equal() => Gen.Select(SomeJson.Body, Gen.Bool).Sample((sent, countsTokens) =>
    {
        var received = Received(Encoding.UTF8.GetBytes(sent), countsTokens, out var asked);
        Assert.NotNull(received);
        using var before = JsonDocument.Parse(sent);
        using var after = JsonDocument.Parse(received);
        var wanted = Wanted(before.RootElement, countsTokens, out var mustAsk);
        Assert.Equal(wanted, Members(after.RootElement));
        Assert.Equal(mustAsk, asked);
    }, iter: Iterations);

    [Fact]
    public void Every_other_byte_is_the_clients() => SomeJson.Body.Sample(sent =>
    {
        var received = Encoding.UTF8.GetString(Received(Encoding.UTF8.GetBytes(sent), countsTokens: false, out _)!);
        using var json = JsonDocument.Parse(sent);
        var model = json.RootElement.EnumerateObject().Where(m => Name(m) == "model").Select(m => m.Value.GetRawText()).SingleOrDefault();
        var replaced = model is null ? (From: "{", To: json.RootElement.EnumerateObject().Any() ? "{\"model\":\"model\"," : "{\"model\":\"model\"") : (From: model, To: "\"model\"");
        var places = Enumerable.Range(0, sent.Length).Where(at => string.CompareOrdinal(sent, at, replaced.From, 0, replaced.From.Length) == 0);
        Assert.Contains(received, places.Select(at => sent[..at] + replaced.To + sent[(at + replaced.From.Length)..]));
    }, iter: Iterations);

    [Fact]
    public void A_body_that_was_tampered_with_is_JSON_and_passes_or_is_refused() =>
        Gen.Select(SomeJson.Body, Gen.Select(Gen.Int[0, 10_000], Gen.OneOf(Gen.Byte, Gen.OneOf([.. "{}[]\",:\\u0d8e-+.\0\xef "u8]))).Array[1, 3], Gen.Int[0, 10_000], Gen.Bool, Gen.Bool).Sample((body, changes, cut, cuts, countsTokens) =>
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            foreach (var (at, value) in changes) bytes[at % bytes.Length] = value;
            if (cuts) bytes = bytes[..(cut % bytes.Length)];
            PassesOnlyAsJson(bytes, countsTokens);
        }, iter: Iterations);

    [Theory]
    [InlineData("\ufeff{}")]
    [InlineData("\0{}")]
    [InlineData("{}\0")]
    [InlineData("{\"a\":\"\0\"}")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("\"model\"")]
    [InlineData("{} {}")]
    [InlineData("{},")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{/* why */}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"model\":{}}")]
    [InlineData("{\"model\":[]}")]
    [InlineData("{\"model\":true}")]
    [InlineData("{\"model\":\"a\",\"model\":\"b\"}")]
    [InlineData("{\"model\":null,\"mod\\u0065l\":\"b\"}")]
    [InlineData("{\"stream\":true,\"stream\":false}")]
    [InlineData("{\"stream\":null,\"stream\":true}")]
    [InlineData("{\"stream\":\"true\"}")]
    [InlineData("{\"stream\":1}")]
    [InlineData("{\"stream\":{}}")]
    [InlineData("{\"stream_options\":{},\"stream_options\":{}}")]
    [InlineData("{\"stream_options\":null,\"stream_options\":{\"include_usage\":true}}")]
    [InlineData("{\"stream_options\":[]}")]
    [InlineData("{\"stream_options\":true}")]
    [InlineData("{\"stream_options\":{\"include_usage\":1}}")]
    [InlineData("{\"stream_options\":{\"include_usage\":\"true\"}}")]
    [InlineData("{\"stream_options\":{\"include_usage\":true,\"include_usage\":false}}")]
    [InlineData("{\"stream_options\":{\"include_usage\":true}")]
    public void What_two_parsers_may_read_differently_is_refused(string body) => Assert.Null(Received(Encoding.UTF8.GetBytes(body), countsTokens: true, out _));

    [Theory]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"mod\\udfffl\":1}")]
    [InlineData("{\"stream\\ud800\":1}")]
    [InlineData("{\"stream\":true,\"stream_options\":{\"include_\\ud800\":1}}")]
    public void Half_a_character_in_a_name_is_refused(string body) => Assert.Null(Received(Encoding.UTF8.GetBytes(body), countsTokens: true, out _));

    [Theory]
    [InlineData("{\"a\":1e999999}")]
    [InlineData("{\"a\":-0.0,\"b\":123456789012345678901234567890123456789012345678901234567890}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"Model\":1,\"STREAM\":1}")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"\":1}")]
    [InlineData("{\"stream\":null,\"stream_options\":null,\"model\":null}")]
    public void What_is_nobodys_business_here_passes(string body) => PassesOnlyAsJson(Encoding.UTF8.GetBytes(body), countsTokens: true, mustPass: true);

    [Fact]
    public void Bytes_that_are_no_UTF8_pass_or_are_refused_but_never_break_anything() => PassesOnlyAsJson([.. "{\"a\":\""u8, 0xff, 0xc0, 0xed, 0xa0, 0x80, .. "\"}"u8], countsTokens: true);

    [Theory]
    [InlineData(RequestScan.MostDepth, true)]
    [InlineData(RequestScan.MostDepth + 1, false)]
    [InlineData(1_000_000, false)]
    public void Depth_is_bounded(int depth, bool passes) => Assert.All(
        [$"{{\"a\":{new string('[', depth - 1)}{new string(']', depth - 1)}}}", string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1)],
        body => Assert.Equal(passes, Received(Encoding.UTF8.GetBytes(body), countsTokens: true, out _) is not null));

    [Fact]
    public void A_great_many_names_that_are_nearly_ours_take_no_time()
    {
        var body = $"{{{string.Join(',', Enumerable.Repeat("\"mod\\u0065\":0,\"strea\\u006e\":0", 300_000))}}}";
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.NotNull(Received(Encoding.UTF8.GetBytes(body), countsTokens: true, out _));
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 5);
    }

    private static void PassesOnlyAsJson(byte[] bytes, bool countsTokens, bool mustPass = false)
    {
        var received = Received(bytes, countsTokens, out _);
        if (received is null)
        {
            Assert.False(mustPass);
            return;
        }
        using var before = JsonDocument.Parse(bytes);
        using var after = JsonDocument.Parse(received);
        Assert.Equal(Wanted(before.RootElement, countsTokens, out _), Members(after.RootElement));
    }

    // Read in the way of a request, and taken together as it would be sent; null when it is refused.
    private static byte[]? Received(byte[] sent, bool countsTokens, out bool asked)
    {
        var http = new DefaultHttpContext { Request = { Body = new MemoryStream(sent), ContentType = "application/json", ContentLength = sent.Length } };
        var reading = RequestBody.ReadAsync(http, Endpoint, countsTokens, new BodyRoom(new())).AsTask();
        Assert.True(reading.Wait(TimeSpan.FromSeconds(20)));
        var (body, error) = reading.Result;
        asked = body?.AsksForUsage is true;
        if (body is null)
        {
            Assert.Equal((400, "invalid_json"), (error!.Status, error.Code));
            return null;
        }
        using (body)
        {
            var received = new ArrayBufferWriter<byte>();
            for (var i = 0; i < RequestBody.Pieces; i++) received.Write(body.Piece(i).Span);
            Assert.Equal(body.Length, received.WrittenCount);
            return received.WrittenSpan.ToArray();
        }
    }

    // The members that the node must find, by name; in their order, but for those that were added.
    private static List<(string Name, string Value)> Wanted(JsonElement sent, bool countsTokens, out bool asks)
    {
        var stream = sent.EnumerateObject().Any(m => Name(m) == "stream" && m.Value.ValueKind == JsonValueKind.True);
        var options = sent.EnumerateObject().Where(m => Name(m) == "stream_options").Select(m => (JsonElement?)m.Value).SingleOrDefault();
        var included = options is { ValueKind: JsonValueKind.Object } given && given.EnumerateObject().Any(m => Name(m) == "include_usage" && m.Value.ValueKind == JsonValueKind.True);
        asks = countsTokens && stream && !included;
        var wanted = Members(sent).Where(m => m.Name != "model" && (m.Name != "stream_options" || !countsTokens || !stream || included)).Append(("model", "\"model\""));
        if (asks)
        {
            var others = options is { ValueKind: JsonValueKind.Object } it ? Members(it).Where(m => m.Name != "include_usage") : [];
            wanted = wanted.Append(("stream_options", Written(others.Append(("include_usage", "true")))));
        }
        return [.. wanted.OrderBy(m => m.Item1, StringComparer.Ordinal)];
    }

    private static List<(string Name, string Value)> Members(JsonElement it) =>
        [.. it.EnumerateObject().Select(m => (Name(m), Name(m) == "stream_options" && m.Value.ValueKind == JsonValueKind.Object ? Written(Members(m.Value)) : Encoding.Latin1.GetString(JsonMarshal.GetRawUtf8Value(m.Value)))).OrderBy(m => m.Item1, StringComparer.Ordinal)];

    private static string Written(IEnumerable<(string Name, string Value)> members) => string.Join(',', members.OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => $"{m.Name}={m.Value}"));

    // A name may be no text at all: then it is told by its bytes.
    private static string Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return Encoding.Latin1.GetString(JsonMarshal.GetRawUtf8PropertyName(member));
        }
    }
}
