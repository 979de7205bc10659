using Hypervize.Contracts;

namespace Hypervize.Autoscaling.Policy;

/// <summary>What the policy found for a while, as it is kept and told.</summary>
/// <param name="From">The first evaluation that found it.</param>
/// <param name="To">The last one, so far.</param>
/// <param name="Nodes">How many nodes there should be; 0 to sleep.</param>
/// <param name="Wanted">How many there should have been until then.</param>
/// <param name="Ready">How many served.</param>
/// <param name="IsPanic">Whether there was a panic.</param>
/// <param name="LeastNeeded">Nodes, and parts of one, that the load needed when it needed least.</param>
/// <param name="MostNeeded">The same when it needed most; what follows is of that moment.</param>
/// <param name="AtOnce">Requests at once.</param>
/// <param name="PerMinute">Requests per minute.</param>
/// <param name="Rules">What rules made of the next whole number, in their order.</param>
/// <param name="Words">All of it in a sentence.</param>
public sealed record Finding(
    DateTimeOffset From, DateTimeOffset To, int Nodes, int Wanted, int Ready, bool IsPanic, double LeastNeeded, double MostNeeded, double AtOnce, double PerMinute,
    IReadOnlyList<Clamp> Rules, string Words);

/// <summary>Why an endpoint has as many nodes as it has.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="Status">Its status; only while it is up is it evaluated.</param>
/// <param name="Wanted">Nodes that should be starting or ready.</param>
/// <param name="Ready">Nodes that serve.</param>
/// <param name="Now">What the policy finds now; null while the endpoint is not up.</param>
/// <param name="At">What it found at the moment that was asked for; null when none was, or when the endpoint was not evaluated then.</param>
/// <param name="Before">What it found before, the newest first.</param>
public sealed record ScalingResource(string EndpointId, EndpointStatus Status, int Wanted, int Ready, Finding? Now, Finding? At, IReadOnlyList<Finding> Before);
