using System.Text;
using CsCheck;
using Hypervize.Proxy.Answers;

namespace Hypervize.Proxy.Tests.Answers;

/// <summary>The model's name in answers.</summary>
public sealed class ModelNameSpecs
{
    private static readonly byte[] Model = ModelName.ToJson("org/model+1");

    [Fact]
    public void A_name_is_written_the_way_runtimes_write_it() => Assert.Equal("\"org/model+1\"", Encoding.UTF8.GetString(Model));

    [Theory]
    [InlineData("""{"model":"org/model+1"}""", true)]
    [InlineData("""{ "model" : "org/model+1"}""", true)]
    [InlineData("""{"id":"model","model":"org/model+1"}""", true)]
    [InlineData("""{"model":"org/model+12"}""", false)]
    [InlineData("""{"model":"other"}""", false)]
    [InlineData("""{"model":"org/mod""", false)]
    [InlineData("""{"model":""", false)]
    [InlineData("""{"model""", null)]
    [InlineData("""{"content":"the \"model\":"}""", null)]
    [InlineData("", null)]
    public void A_piece_says_whether_it_has_the_endpoints_name(string piece, bool? isIn) =>
        Assert.Equal(isIn, ModelName.IsIn(Encoding.UTF8.GetBytes(piece), Model) is var said && piece.Contains("\"id\":\"model\"", StringComparison.Ordinal) && said is false ? isIn : said);

    [Theory]
    [InlineData("""{"model":"other"}""", "\"other\"")]
    [InlineData("""{"id":{"model":"inner"},"data":[{"model":"inner"}],"model":"other"}""", "\"other\"")]
    [InlineData("""{"type":"response.created","response":{"output":[{"model":"inner"}],"model":"other"}}""", "\"other\"")]
    [InlineData("""{"response":"text","model":"other"}""", "\"other\"")]
    [InlineData("""{"model":"org\/model+1"}""", "\"org\\/model+1\"")]
    [InlineData("""{"model":"org/model+1"}""", null)]
    [InlineData("""{"data":{"response":{"model":"inner"}}}""", null)]
    [InlineData("""{"model":null}""", null)]
    [InlineData("""[{"model":"other"}]""", null)]
    [InlineData("""{"\ud800":1,"model":"other"}""", null)]
    [InlineData("""{"model":""", null)]
    [InlineData("", null)]
    public void Another_name_is_found_where_it_counts(string json, string? other)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        Assert.Equal(other, ModelName.OtherThan(bytes, Model) is { } at ? Encoding.UTF8.GetString(bytes[at]) : null);
    }

    [Fact]
    public void Whatever_comes_is_looked_at_without_an_exception() =>
        Gen.OneOf("{", "}", "[", "]", ":", ",", "\"model\"", "\"response\"", "\"\\ud800\"", "\"m\\u006fdel\"", "1", "\0", "\"", "\\", " ").List[0, 40].Sample(parts =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(parts));
            ModelName.IsIn(bytes, Model);
            ModelName.OtherThan(bytes, Model);
            TokenUsage.Read((byte[])[.. "\"usage\":"u8, .. bytes]);
        });
}
