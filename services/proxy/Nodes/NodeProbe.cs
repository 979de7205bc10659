using Hypervize.Contracts;

namespace Hypervize.Proxy.Nodes;

/// <summary>Asks a node that failed whether it answers again.</summary>
/// <param name="clients">Makes clients.</param>
public sealed class NodeProbe(IHttpClientFactory clients)
{
    /// <summary>Name of the client.</summary>
    public const string ClientName = "nodes";

    /// <summary>How long a node may take to say anything at all.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether a node answers. What every OpenAI server has is asked for; that it says anything is enough, but for a server error, or that the answer is to be had elsewhere.
    /// </summary>
    /// <param name="node">The node.</param>
    public async Task<bool> AnswersAsync(EndpointNode node)
    {
        try
        {
            using var client = clients.CreateClient(ClientName);
            using var answer = await client.GetAsync(new Uri($"{node.Address}/v1/models"), HttpCompletionOption.ResponseHeadersRead);
            return (int)answer.StatusCode is < 300 or (>= 400 and < 500);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
