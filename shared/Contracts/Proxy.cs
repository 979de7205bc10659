namespace Hypervize.Contracts;

/// <summary>
/// What one proxy saw in one interval. Intervals of one proxy follow each other without a gap; a redelivered report has the
/// same sequence number; a missing number is silence, not idleness.
/// </summary>
/// <param name="ProxyId">The proxy's instance: new at every start.</param>
/// <param name="Sequence">1, 2, 3… per instance.</param>
/// <param name="From">Start of the interval, the proxy's clock.</param>
/// <param name="To">End of the interval.</param>
/// <param name="Leaving">True in the last report of a proxy that stops in order.</param>
/// <param name="Endpoints">
/// Endpoints with traffic in the interval, requests in flight or waiting, or a draining node. One that is not listed had none.
/// </param>
/// <param name="Limits">What it let in by which limits, for the other proxies; null when there is nothing to say.</param>
/// <param name="RoomFor">The other proxies among which it had divided the limits by then, by their ids; null for none.</param>
/// <param name="Turn">The latest turn at the limits that it knows of; null from a proxy that takes none.</param>
public sealed record ProxyReport(
    string ProxyId, long Sequence, DateTimeOffset From, DateTimeOffset To, bool Leaving, IReadOnlyList<EndpointTraffic> Endpoints,
    IReadOnlyList<LimitUse>? Limits = null, IReadOnlyList<string>? RoomFor = null, LimitTurn? Turn = null);

/// <summary>Whose turn it is to take more of what limits leave: proxies do so one after the other, each knowing what all before it took.</summary>
/// <param name="Number">1, 2, 3…: the greatest is the one that holds; 0 while nobody has had a turn.</param>
/// <param name="ProxyId">Whose it is; empty for nobody's.</param>
/// <param name="Heard">Sequence numbers up to which whoever passed it on had heard the others. Nobody takes their turn before having heard as much.</param>
public sealed record LimitTurn(long Number, string ProxyId, IReadOnlyDictionary<string, long> Heard);

/// <summary>What one proxy did with one limit in an interval.</summary>
/// <param name="Subject">Whose limit: a key's id, an endpoint's id, or an endpoint's id, a slash and a client's address.</param>
/// <param name="Limits">The limits.</param>
/// <param name="LetIn">Requests it let in.</param>
/// <param name="Refused">Requests it refused.</param>
/// <param name="InFlight">Requests under way at the interval's end.</param>
/// <param name="Part">Its part of the requests per minute: those that it let in during the last minute, and those that it still may.</param>
/// <param name="Cap">Its part of the requests under way at once.</param>
/// <param name="Used">Requests it let in during the last minute.</param>
/// <param name="InLastMinute">Requests that any proxy let in during the last minute, as far as it knows: a proxy that has just started was not there to count.</param>
/// <param name="IsShort">Whether it refused any during the last minute: while nobody asks, what is left goes to those who were asked for more than they had.</param>
public sealed record LimitUse(
    string Subject, RequestLimits Limits, int LetIn, int Refused, int InFlight, int Part, int Cap, int Used = 0, int InLastMinute = 0, bool IsShort = false);

/// <summary>One endpoint's traffic at one proxy in one interval.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="RoutedVersion">Stream version of the endpoint that the proxy routes by at the interval's end.</param>
/// <param name="Started">Valid inference requests that arrived.</param>
/// <param name="Completed">Requests that ended with an answer below 500.</param>
/// <param name="Failed">Requests that ended with an answer of 500 or more, or a broken stream.</param>
/// <param name="InFlight">Requests at nodes at the interval's end.</param>
/// <param name="Waiting">Requests held at the interval's end.</param>
/// <param name="Nodes">In flight per node at the interval's end; draining nodes are listed even at zero.</param>
/// <param name="Usage">What the requests that ended in the interval came to, by key; null when none ended.</param>
public sealed record EndpointTraffic(
    string EndpointId, long RoutedVersion, int Started, int Completed, int Failed, int InFlight, int Waiting, IReadOnlyList<NodeTraffic> Nodes,
    IReadOnlyList<KeyUsage>? Usage = null);

/// <summary>What one key's requests at one endpoint came to, that ended in one interval: every request by someone who may see the endpoint, refused ones too.</summary>
/// <param name="Key">The key's id; <see cref="Anyone"/> for requests without one, which public endpoints take.</param>
/// <param name="Statuses">
/// Requests by HTTP status. A stream that broke counts by the status its error would have had (502), one whose client went away as <see cref="ClientGone"/>.
/// </param>
/// <param name="PromptTokens">Tokens that went in, as nodes counted them; those of an answer that broke off are not known.</param>
/// <param name="CompletionTokens">Tokens that came out, as nodes counted them; of a stream that broke off, the events with text that were passed on.</param>
/// <param name="FirstToken">Of streams: from a request's arrival to the first piece of its answer, time held included.</param>
/// <param name="BetweenTokens">Of streams: between one piece of an answer and the next.</param>
/// <param name="Duration">From a request's arrival to its answer's end.</param>
public sealed record KeyUsage(
    string Key, IReadOnlyDictionary<int, int> Statuses, long PromptTokens, long CompletionTokens, Histogram FirstToken, Histogram BetweenTokens, Histogram Duration)
{
    /// <summary>Stands for requests without a key.</summary>
    public const string Anyone = "anyone";

    /// <summary>Stands for the status of a request whose client did not wait for it; nginx's number for it.</summary>
    public const int ClientGone = 499;
}

/// <summary>Requests one proxy has in flight at one node.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="InFlight">Requests.</param>
public sealed record NodeTraffic(string NodeId, int InFlight);
