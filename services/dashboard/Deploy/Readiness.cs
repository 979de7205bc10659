namespace Hypervize.Dashboard.Deploy;

/// <summary>What stands between a form and an endpoint.</summary>
public static class Readiness
{
    /// <summary>Whether it is created without a quote: what an operator's own machine holds, or runs, is for people to judge.</summary>
    /// <param name="form">The form.</param>
    /// <param name="desk">What is known of the model.</param>
    public static bool NeedsNoQuote(DeployForm form, QuoteDesk desk) =>
        form.Runtime == DeployFields.OwnCommand || (form.IsOnOwnMachines && !desk.IsAsking && desk.Refusal?.Code == "model_too_large" && desk.Asked is not null && desk.Asked.IsSame(desk.Answered));

    /// <summary>What is still missing, in a sentence; null when it can be deployed.</summary>
    /// <param name="form">The form.</param>
    /// <param name="desk">What is known of the model.</param>
    public static string? Missing(DeployForm form, QuoteDesk desk) => desk.Holding switch
    {
        _ when form.Text(DeployFields.Model) is null => "Name a model first.",
        _ when form.Wrong is { Count: > 0 } wrong => $"Look again at: {string.Join(", ", wrong)}.",
        _ when NeedsNoQuote(form, desk) => null,
        _ when desk.IsAsking || desk.Asked is null => desk.IsOld ? "Finding out what the model needs…" : "Getting a quote, so that the price holds…",
        null => "It can't be deployed like this: what is said of the model tells why.",
        { Details.IsClosed: true } => "The model is gated: give a token that may read it.",
        { Details.NeedsRemoteCode: true } when !form.IsSimulated && !form.TrustsRemoteCode => "The model runs code of its own: consent to that under Advanced, if you trust it.",
        _ => null,
    };
}
