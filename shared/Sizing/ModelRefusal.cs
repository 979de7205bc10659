using System.Text.Json.Serialization;

namespace Hypervize.Sizing;

/// <summary>Why a model can't be served, in the words that clients may program against.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelProblem>))]
public enum ModelProblem
{
    /// <summary>There is no such model, or it is private and the token does not see it.</summary>
    [JsonStringEnumMemberName("model_not_found")] NotFound,

    /// <summary>The model has no such revision.</summary>
    [JsonStringEnumMemberName("revision_not_found")] RevisionNotFound,

    /// <summary>Its owner grants access one by one, and this token was granted none.</summary>
    [JsonStringEnumMemberName("model_gated")] Gated,

    /// <summary>The Hub has disabled it.</summary>
    [JsonStringEnumMemberName("model_disabled")] Disabled,

    /// <summary>It makes no text, or its files are none that a runtime reads.</summary>
    [JsonStringEnumMemberName("model_unsupported")] Unsupported,

    /// <summary>No hardware holds it as it was asked for.</summary>
    [JsonStringEnumMemberName("model_too_large")] TooLarge,

    /// <summary>The Hub knows no such token.</summary>
    [JsonStringEnumMemberName("hub_token_invalid")] TokenInvalid,

    /// <summary>The Hub takes no more requests for a while.</summary>
    [JsonStringEnumMemberName("hub_rate_limited")] RateLimited,

    /// <summary>The Hub does not answer, and the model's name does not tell its size.</summary>
    [JsonStringEnumMemberName("hub_unreachable")] Unreachable,

    /// <summary>Own weights can't be read where they should be.</summary>
    [JsonStringEnumMemberName("weights_unreadable")] WeightsUnreadable,
}

/// <summary>A refusal.</summary>
/// <param name="Problem">Why.</param>
/// <param name="Message">What is wrong and what to do, in a sentence or two.</param>
public sealed record ModelRefusal(ModelProblem Problem, string Message);

/// <summary>Something that was asked for, or why there is none.</summary>
/// <typeparam name="T">What was asked for.</typeparam>
/// <param name="Value">It; null when it was refused.</param>
/// <param name="Refusal">Why there is none; null when there is.</param>
public sealed record Answer<T>(T? Value, ModelRefusal? Refusal) where T : class
{
    /// <summary>What was asked for.</summary>
    /// <param name="value">It.</param>
    public static implicit operator Answer<T>(T value) => new(value, null);

    /// <summary>A refusal.</summary>
    /// <param name="refusal">Why.</param>
    public static implicit operator Answer<T>(ModelRefusal refusal) => new(null, refusal);
}
