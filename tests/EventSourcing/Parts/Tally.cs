using System.Text.Json.Serialization;

namespace Hypervize.EventSourcing.Tests;

/// <summary>The smallest stream there is: numbers that add up.</summary>
public sealed record Tally(int Count, long Sum)
{
    public static Fold<Tally, TallyEvent> Fold { get; } = new(Revision: 1, (before, e, _) => e switch
    {
        Counted counted => new((before?.Count ?? 0) + 1, (before?.Sum ?? 0) + counted.Number),
        _ => throw new InvalidOperationException(),
    });
}

[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Counted), "counted")]
public abstract record TallyEvent;

public sealed record Counted(long Number) : TallyEvent;

/// <summary>What is published of it.</summary>
public sealed record TallyChanged(string Tally, long Version, long Position, Guid EventId, Counted Fact, Tally State);
