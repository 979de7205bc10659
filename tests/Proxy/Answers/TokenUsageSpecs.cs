using System.Text;
using Hypervize.Proxy.Answers;

namespace Hypervize.Proxy.Tests.Answers;

/// <summary>Usages of whole answers.</summary>
public sealed class TokenUsageSpecs
{
    private static readonly string Deep = $"{string.Concat(Enumerable.Repeat("{\"usage\":", 64))}{{\"prompt_tokens\":0}}{new string('}', 64)}";

    [Theory]
    [InlineData("""{"model":"m","usage":{"prompt_tokens":3,"completion_tokens":4}}""")]
    [InlineData("""{"usage":{"prompt_tokens":3,"completion_tokens":4},"x":{"usage":{"prompt_tokens":0}}}""")]
    [InlineData("""{"x":[{"usage":{"prompt_tokens":0}}],"usage":{"prompt_tokens":3,"completion_tokens":4,"details":{"usage":{"prompt_tokens":9}}},"y":1}""")]
    [InlineData("""{"usage":{"prompt_tokens":3.0,"completion_tokens":4.0}}""")]
    [InlineData("""{"usage":{"input_tokens":3,"output_tokens":4},"usage":null}""")]
    [InlineData("""{"tools":DEEP,"usage":{"input_tokens":3,"output_tokens":4}}""")]
    [InlineData("""{"usage":{"input_tokens":3,"output_tokens":4},"tools":[{"usage":{"prompt_tokens":0}},""")]
    public void The_nodes_own_counts(string answer) => Assert.Equal(new TokenUsage(3, 4), Of(answer));

    [Theory]
    [InlineData("""{"x":{"usage":{"prompt_tokens":0}},"usage":null}""")]
    [InlineData("""{"data":{"response":{"usage":{"prompt_tokens":0}}},"usage":{"total_tokens":5}}""")]
    [InlineData("""[{"usage":{"prompt_tokens":0}},{"usage":{"prompt_tokens":0}}]""")]
    [InlineData("")]
    public void Nobody_elses_does(string answer) => Assert.Null(Of(answer));

    [Theory]
    [InlineData("-1")]
    [InlineData("1000000000001")]
    [InlineData("9223372036854775807")]
    [InlineData("4.5")]
    public void What_is_absurd_counts_for_nothing(string count) => Assert.Equal(new TokenUsage(3, 0), Of($"{{\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":{count}}}}}"));

    private static TokenUsage? Of(string answer) => TokenUsage.Of(Encoding.UTF8.GetBytes(answer.Replace("DEEP", Deep, StringComparison.Ordinal)));
}
