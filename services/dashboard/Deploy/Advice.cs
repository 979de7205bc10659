using Hypervize.Client;
using Hypervize.Sizing;

namespace Hypervize.Dashboard.Deploy;

/// <summary>What the form can do about a refusal.</summary>
public enum Remedy
{
    /// <summary>Nothing: something else must be typed.</summary>
    None,

    /// <summary>Ask once more.</summary>
    AskAgain,

    /// <summary>Give a token, if the model is private.</summary>
    GiveToken,

    /// <summary>Take the cheapest hardware that fits.</summary>
    AnyHardware,

    /// <summary>Ask for no particular context.</summary>
    DefaultContext,
}

/// <summary>What to do about a refusal, beyond what it says itself.</summary>
/// <param name="More">A sentence; null for none.</param>
/// <param name="Remedy">What the form can do about it.</param>
public sealed record Advice(string? More, Remedy Remedy)
{
    private const string Gated = "model_gated", TokenInvalid = "hub_token_invalid", NotFound = "model_not_found";

    /// <summary>Advises.</summary>
    /// <param name="refusal">The refusal.</param>
    /// <param name="ask">What was asked for.</param>
    /// <param name="hasChoice">Whether there is hardware to choose.</param>
    public static Advice Of(RefusedException refusal, QuoteAsk ask, bool hasChoice) => refusal switch
    {
        { Code: NotFound } when ask.Token is null && IsOfHub(ask.Model) => new("Ids are owner/name, as in the address of the model's page on huggingface.co.", Remedy.GiveToken),
        { Code: "revision_not_found" } => new("Leave out the @ and what follows for the main branch.", Remedy.None),
        { Code: "model_too_large" } when !hasChoice => new("What these machines hold is for their operator to say: it can be deployed all the same.", Remedy.None),
        { Code: "model_too_large" } when ask.Hardware is not null => new(null, Remedy.AnyHardware),
        { Code: "model_too_large" } when ask.Context is not null => new(null, Remedy.DefaultContext),
        { Code: "hub_unreachable" } => new("A model whose name tells its size, such as 8B, can be estimated without the Hub; simulator/tiny needs neither.", Remedy.AskAgain),
        { Code: "hub_rate_limited" } => new(null, Remedy.AskAgain),
        { Status: null or >= 500 } => new(null, Remedy.AskAgain),
        _ when refusal.Errors.ContainsKey(DeployFields.Hardware) => new(null, Remedy.AnyHardware),
        _ => new(null, Remedy.None),
    };

    /// <summary>Whether a refusal says that a token is what is missing, or is wrong.</summary>
    /// <param name="refusal">The refusal; null for none.</param>
    public static bool AsksForToken(RefusedException? refusal) => refusal?.Code is Gated or TokenInvalid || refusal?.Errors.ContainsKey(DeployFields.Token.Path) is true;

    private static bool IsOfHub(string model) => ModelReference.Parse(model) is ModelReference.Hub;
}
