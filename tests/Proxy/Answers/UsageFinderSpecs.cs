using System.Text;
using CsCheck;
using Hypervize.Proxy.Answers;

namespace Hypervize.Proxy.Tests.Answers;

/// <summary>Usages in answers that pass by in pieces.</summary>
public sealed class UsageFinderSpecs
{
    private static readonly Gen<(string Json, TokenUsage? Usage)> Part = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 300].Select(text => ($"\"{text}\"", (TokenUsage?)null)),
        Gen.OneOf("\"usage\":null", "\"usage\":\"none\"", "\"usage\" : 3", "\"usages\":{}", "\"usage\":{}", "\"usage\":{\"total_tokens\":3}").Select(text => (text, (TokenUsage?)null)),
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 100_000], Gen.OneOf(
            """ "usage":{"prompt_tokens":P,"completion_tokens":C,"total_tokens":0}""", """ "usage": { "completion_tokens": C, "prompt_tokens": P }""", """ "usage":{"input_tokens":P,"input_tokens_details":{"cached_tokens":1,"x":[{}]},"output_tokens":C}""",
            "\"usage\"\r\n\t:\r\n{\"completion_tokens\":C,\n\"prompt_tokens_details\":null,\"prompt_tokens\":P\n}"))
            .Select((p, c, how) => (how.Replace("P", $"{p}", StringComparison.Ordinal).Replace("C", $"{c}", StringComparison.Ordinal), (TokenUsage?)new TokenUsage(p, c))));

    [Fact]
    public void Any_cutting_finds_the_last_usage() => Gen.Select(Part.Array[0, 6], Cut.Lengths).Sample((parts, cut) =>
        Assert.Equal(parts.Select(p => p.Usage).LastOrDefault(u => u is not null), Found(Cut.Into(Encoding.UTF8.GetBytes($"{{{string.Join(',', parts.Select(p => p.Json))}}}"), cut))));

    [Theory]
    [InlineData("""{"data":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}""")]
    [InlineData("""{"data":[],"usage":{"prompt_tokens":1,"completion_tokens":2},"usage":{"prompt_tokens":5,"completion_tokens":7}}""")]
    public void Wherever_an_answer_is_cut_its_usage_is_found(string answer) => Assert.All(Cut.AtEachPlace(answer), pieces => Assert.Equal(new TokenUsage(5, 7), Found(pieces)));

    [Theory]
    [InlineData("""{"usage":{"prompt_tokens":5""")]
    [InlineData("""{"usage":{"prompt_tokens":5,"completion_tokens":7""")]
    [InlineData("""{"usage":{"prompt_tokens":-5}}""")]
    [InlineData("""{"usage":{"prompt_tokens":5.5}}""")]
    [InlineData("""{"usage":{"prompt_tokens":99999999999999999999}}""")]
    [InlineData("""{"usage":{"prompt_tokens":1000000000001}}""")]
    [InlineData("""{"usage":{"prompt_tokens":1e400}}""")]
    [InlineData("""{"usage":{"prompt_tokens":"5"}}""")]
    [InlineData("""{"usage":{"prompt_\ud800":1,"prompt_tokens":5}}""")]
    [InlineData("""{"usage":{]}}""")]
    public void What_is_no_usage_is_none(string answer) => Assert.Null(Found([Encoding.UTF8.GetBytes(answer)]));

    [Fact]
    public void What_goes_on_for_long_is_not_carried_along()
    {
        var finder = new UsageFinder();
        finder.Look("\"usage\":{\"x\":\""u8);
        for (var i = 0; i < 100_000; i++) finder.Look("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"u8);
        finder.Look("\",\"usage\":{\"prompt_tokens\":5}"u8);
        Assert.Equal(new TokenUsage(5, 0), finder.Found);
    }

    private static TokenUsage? Found(IEnumerable<byte[]> pieces)
    {
        var finder = new UsageFinder();
        foreach (var piece in pieces) finder.Look(piece);
        return finder.Found;
    }
}
