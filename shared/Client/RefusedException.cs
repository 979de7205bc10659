namespace Hypervize.Client;

/// <summary>The platform answered with an error, or not at all; the message is for people.</summary>
/// <param name="message">What went wrong and what to do, with the code and the wrong fields.</param>
public sealed class RefusedException(string message) : Exception(message)
{
    /// <summary>HTTP status; null when there was no answer.</summary>
    public int? Status { get; init; }

    /// <summary>Stable code of the refusal; null when the answer had none.</summary>
    public string? Code { get; init; }

    /// <summary>What went wrong and what to do, in a sentence or two.</summary>
    public string Detail { get; init; } = message;

    /// <summary>What is wrong with fields, by path, such as <c>scaling.min</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Errors { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Whether the same may succeed some time later.</summary>
    public bool MayPass { get; init; }

    /// <summary>Whether the key is no longer good.</summary>
    public bool IsSignedOut => Status == 401;
}
