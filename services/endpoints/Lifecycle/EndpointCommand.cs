using Hypervize.Contracts;

namespace Hypervize.Endpoints.Lifecycle;

/// <summary>What can be asked of an endpoint, or reported about it.</summary>
public abstract record EndpointCommand
{
    private protected EndpointCommand() { }
}

/// <summary>Create it.</summary>
/// <param name="AccountId">Owning account.</param>
/// <param name="Settings">What the owner chose.</param>
/// <param name="Plan">What was found out about the model.</param>
/// <param name="By">Who asks.</param>
public sealed record Create(string AccountId, EndpointSettings Settings, EndpointPlan? Plan, string By) : EndpointCommand;

/// <summary>Change its settings; null leaves one as it is.</summary>
/// <param name="Name">Label.</param>
/// <param name="Min">Fewest nodes.</param>
/// <param name="Max">Most nodes.</param>
/// <param name="IdleSeconds">Idle seconds before it sleeps.</param>
/// <param name="Concurrency">Requests one node takes at once.</param>
/// <param name="HoldSeconds">Seconds a request is held.</param>
/// <param name="Access">Who may call it.</param>
/// <param name="Telemetry">Whether the add-on is on.</param>
/// <param name="By">Who asks.</param>
/// <param name="Limits">How many inference requests it takes.</param>
/// <param name="RequestsPerMinute">Requests per minute that one node can serve.</param>
/// <param name="Tuning">What is tuned otherwise than by the operator.</param>
public sealed record Update(
    string? Name, int? Min, int? Max, int? IdleSeconds, int? Concurrency, int? HoldSeconds, EndpointAccess? Access, bool? Telemetry, string By,
    LimitsChange? Limits = null, RateChange? RequestsPerMinute = null, TuningChange? Tuning = null) : EndpointCommand
{
    /// <summary>The settings after the change.</summary>
    /// <param name="it">The settings before.</param>
    public EndpointSettings Of(EndpointSettings it) => it with
    {
        Name = Name ?? it.Name, HoldSeconds = HoldSeconds ?? it.HoldSeconds, Access = Access ?? it.Access, Telemetry = Telemetry ?? it.Telemetry,
        Limits = Limits is null ? it.Limits : Limits.To,
        Scaling = new(
            Min ?? it.Scaling.Min, Max ?? it.Scaling.Max, IdleSeconds ?? it.Scaling.IdleSeconds, Concurrency ?? it.Scaling.Concurrency,
            RequestsPerMinute is null ? it.Scaling.RequestsPerMinute : RequestsPerMinute.To, Tuning is null ? it.Scaling.Tuning : Tuning.To),
    };
}

/// <summary>A change of an endpoint's limits.</summary>
/// <param name="To">The limits after it; null for none.</param>
public sealed record LimitsChange(EndpointLimits? To);

/// <summary>A change of what one node can serve.</summary>
/// <param name="To">Requests per minute after it; null when only those at once count.</param>
public sealed record RateChange(int? To);

/// <summary>A change of an endpoint's own tuning.</summary>
/// <param name="To">The tuning after it; null for the operator's.</param>
public sealed record TuningChange(ScalingTuning? To);

/// <summary>Delete it.</summary>
/// <param name="By">Who asks.</param>
public sealed record Delete(string By) : EndpointCommand;

/// <summary>Wake it.</summary>
/// <param name="Reason">What causes it.</param>
/// <param name="By">Who asks.</param>
/// <param name="DecidedOn">Stream version an automatic command rests on; null when a person asks.</param>
public sealed record Wake(string Reason, string By, long? DecidedOn) : EndpointCommand;

/// <summary>Put it to sleep.</summary>
/// <param name="Reason">Why.</param>
/// <param name="By">Who asks.</param>
/// <param name="DecidedOn">Stream version an automatic command rests on; null when a person asks.</param>
public sealed record Hibernate(string Reason, string By, long? DecidedOn) : EndpointCommand;

/// <summary>Run another number of nodes.</summary>
/// <param name="Wanted">How many.</param>
/// <param name="Victims">Nodes to let go of first.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">Who asks.</param>
/// <param name="DecidedOn">Stream version the decision rests on.</param>
public sealed record Scale(int Wanted, IReadOnlyList<string> Victims, string Reason, string By, long DecidedOn) : EndpointCommand;

/// <summary>Switch it off.</summary>
/// <param name="By">Who asks.</param>
public sealed record Disable(string By) : EndpointCommand;

/// <summary>Switch it on again, also after it failed.</summary>
/// <param name="By">Who asks.</param>
public sealed record Enable(string By) : EndpointCommand;

/// <summary>A fact about its nodes, which the provisioner reports. Never refused.</summary>
/// <param name="Fact">The fact.</param>
public sealed record RecordFact(CapacityEvent Fact) : EndpointCommand;
