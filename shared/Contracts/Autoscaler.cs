namespace Hypervize.Contracts;

/// <summary>Asks for another number of nodes. Does nothing when status or wanted count changed since it was decided.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="DecidedOn">Stream version the decision rests on.</param>
/// <param name="Wanted">Nodes wanted.</param>
/// <param name="Victims">Nodes to drain first when scaling down, least busy first.</param>
/// <param name="Reason">Why, in words and numbers.</param>
public sealed record ScaleEndpoint(string EndpointId, long DecidedOn, int Wanted, IReadOnlyList<string> Victims, string Reason);

/// <summary>Asks an idle endpoint to sleep. Does nothing when status or wanted count changed since it was decided.</summary>
/// <param name="EndpointId">The endpoint.</param>
/// <param name="DecidedOn">Stream version the decision rests on.</param>
/// <param name="Reason">Why, in words and numbers.</param>
public sealed record HibernateEndpoint(string EndpointId, long DecidedOn, string Reason);
