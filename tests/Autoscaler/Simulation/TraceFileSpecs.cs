using Hypervize.Autoscaling.Simulation;

namespace Hypervize.Autoscaler.Tests.Simulation;

/// <summary>Files of requests.</summary>
public sealed class TraceFileSpecs
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";
    private static readonly TokenRates Rates = new(Prompt: 1000, Generated: 10);

    [Fact]
    public void Each_line_is_a_request_that_takes_what_its_tokens_take()
    {
        var traffic = Read(Header, "2023-11-16 18:15:46.6805900,500,20", "2023-11-16 18:15:48.5,0,0", "");
        Assert.Equal((2, 2L), (traffic.Steps, traffic.Requests));
        Assert.Equal(new Cohort(1, 2.5), Assert.Single(traffic.Of(0).ToArray()));
        Assert.Equal(new DateTimeOffset(2023, 11, 16, 18, 15, 46, TimeSpan.Zero).AddTicks(6805900), traffic.From);
    }

    [Theory]
    [InlineData("The first line must be", "a,b,c")]
    [InlineData("The first line must be")]
    [InlineData("no request", Header)]
    [InlineData("Line 2: \"2023-11-16 18:15:46,1\" is no time and two", Header, "2023-11-16 18:15:46,1")]
    [InlineData("Line 3: \"yesterday,1,2\"", Header, "2023-11-16 18:15:46,1,2", "yesterday,1,2")]
    [InlineData("Line 2: \"2023-11-16 18:15:46,-1,2\"", Header, "2023-11-16 18:15:46,-1,2")]
    [InlineData("Line 3: 2023-11-16 18:15:45,1,2 comes before", Header, "2023-11-16 18:15:46,1,2", "2023-11-16 18:15:45,1,2")]
    [InlineData("Line 3: more than 60 days", Header, "2023-11-16 18:15:46,1,2", "2024-11-16 18:15:45,1,2")]
    public void What_can_not_be_read_is_told_by_its_line(string message, params string[] lines) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Read(lines)).Message);

    private static Traffic Read(params string[] lines) => TraceFile.Read(new StringReader(string.Join('\n', lines)), Rates);
}
