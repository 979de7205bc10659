using System.Text.Json;
using Hypervize.Catalog;
using Hypervize.Contracts;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;

namespace Hypervize.Endpoints.Tests;

/// <summary>Given a history, when something is asked or reported, then this is said.</summary>
internal sealed record Scenario(EndpointState? State, long Version)
{
    public static HardwareCatalog Catalog { get; } = HardwareCatalog.Load();

    public static Scenario Given(params IReadOnlyList<EndpointEvent> past) => new(EndpointLife.Fold.From(null, 0, past), past.Count);

    public Said When(EndpointCommand command) => new(this, EndpointDecider.Decide(An.Id, State, command, Catalog, An.Noon));

    public Said When(CapacityEvent fact) => When(new RecordFact(fact));

    public Scenario And(IReadOnlyList<EndpointEvent> events) => new(EndpointLife.Fold.From(State, Version, events), Version + events.Count);
}

/// <summary>What was said.</summary>
internal sealed record Said(Scenario Before, Decision<EndpointEvent> Decision)
{
    /// <summary>Exactly these events; gives the endpoint after them.</summary>
    public EndpointState Then(params IReadOnlyList<EndpointEvent> events)
    {
        Assert.Null(Decision.Refusal);
        Assert.Equal(events.Select(Text), Decision.Events.Select(Text));
        return Before.And(Decision.Events).State!;
    }

    public void ThenNothing() => Then();

    public void ThenRefused(RefusalKind kind, string code)
    {
        Assert.Equal((kind, code), (Decision.Refusal?.Kind, Decision.Refusal?.Code));
        Assert.Empty(Decision.Events);
        Assert.NotEmpty(Decision.Refusal!.Message);
    }

    // Events hold lists, which records compare by reference.
    private static string Text(EndpointEvent e) => JsonSerializer.Serialize(e);
}
