using System.Runtime.InteropServices;
using Hypervize.Contracts;

namespace Hypervize.Proxy.Metering;

/// <summary>What came of a request.</summary>
/// <param name="Key">Id of its key, or <see cref="KeyUsage.Anyone"/>.</param>
/// <param name="Status">HTTP status, or <see cref="KeyUsage.ClientGone"/>.</param>
/// <param name="HadArrived">Whether it counted as traffic; else it was refused before.</param>
/// <param name="PromptTokens">Tokens that went in.</param>
/// <param name="CompletionTokens">Tokens that came out.</param>
/// <param name="Duration">From its arrival to its end.</param>
/// <param name="FirstToken">From its arrival to the first piece of a stream; null when there was none.</param>
/// <param name="Gaps">Times between the pieces of a stream; null when there were none.</param>
internal readonly record struct EndedRequest(string Key, int Status, bool HadArrived, long PromptTokens, long CompletionTokens, TimeSpan Duration, TimeSpan? FirstToken, Durations? Gaps);

/// <summary>Adds up what came of one key's requests in an interval.</summary>
internal sealed class UsageCounts
{
    private readonly Dictionary<int, int> _statuses = [];
    private readonly Durations _firstToken = new(), _betweenTokens = new(), _duration = new();
    private long _promptTokens, _completionTokens;

    /// <summary>Adds a request.</summary>
    /// <param name="request">The request.</param>
    public void Add(EndedRequest request)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_statuses, request.Status, out _)++;
        _promptTokens += request.PromptTokens;
        _completionTokens += request.CompletionTokens;
        _duration.Add(request.Duration);
        if (request.FirstToken is { } first) _firstToken.Add(first);
        _betweenTokens.Add(request.Gaps);
    }

    /// <summary>All of them.</summary>
    /// <param name="key">The key.</param>
    public KeyUsage ToUsage(string key) => new(
        key, _statuses, _promptTokens, _completionTokens, _firstToken.ToHistogram(), _betweenTokens.ToHistogram(), _duration.ToHistogram());
}
