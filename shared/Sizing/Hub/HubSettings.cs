namespace Hypervize.Sizing.Hub;

/// <summary>Where the Hub is, and who we are to it: as its own tools read it from the environment.</summary>
/// <param name="Endpoint">Its origin, without a trailing slash.</param>
/// <param name="Token">A token for whom none is given; null for none.</param>
public sealed record HubSettings(Uri Endpoint, string? Token)
{
    private const string Public = "https://huggingface.co";

    /// <summary>Reads <c>HF_ENDPOINT</c>, and <c>HF_TOKEN</c> or the older <c>HUGGING_FACE_HUB_TOKEN</c>.</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="UriFormatException"><c>HF_ENDPOINT</c> is no URL.</exception>
    public static HubSettings Read(Func<string, string?> variable)
    {
        var endpoint = Given(variable("HF_ENDPOINT")) ?? Public;
        if (!Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new UriFormatException($"HF_ENDPOINT must be the URL of a Hub, such as {Public}.");
        return new(uri, Given(variable("HF_TOKEN")) ?? Given(variable("HUGGING_FACE_HUB_TOKEN")));
    }

    /// <summary>A Hub to which we are nobody: what an account may see is for its own token to say.</summary>
    /// <param name="endpoint">Its URL.</param>
    public static HubSettings Of(Uri endpoint) => new(new Uri(endpoint.ToString().TrimEnd('/') + "/"), Token: null);

    private static string? Given(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
