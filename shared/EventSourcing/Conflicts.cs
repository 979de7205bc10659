using JasperFx;
using JasperFx.Events;
using Npgsql;

namespace Hypervize.EventSourcing;

/// <summary>Tells a lost race between writers from breakage.</summary>
public static class Conflicts
{
    private const string MartenStreamVersion = "MT003";

    /// <summary>Whether another writer's commit is the reason.</summary>
    /// <param name="e">What saving threw.</param>
    public static bool Explains(Exception? e) => e switch
    {
        null => false,
        EventStreamUnexpectedMaxEventIdException or ConcurrencyException or Marten.Exceptions.ExistingStreamIdCollisionException => true,
        PostgresException { SqlState: MartenStreamVersion or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.DeadlockDetected } => true,
        _ => Explains(e.InnerException),
    };
}
