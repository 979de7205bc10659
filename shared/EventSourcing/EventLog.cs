using System.Reflection;
using System.Text.Json.Serialization;
using JasperFx;
using JasperFx.Events;
using JasperFx.OpenTelemetry;
using Marten;
using MassTransit;
using Weasel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hypervize.EventSourcing;

/// <summary>Registers a service's event log: its streams, their stored names, and what is published of them.</summary>
public sealed class EventLog
{
    private readonly IServiceCollection _services;
    private readonly List<Action<StoreOptions>> _configure = [];
    private readonly string _schema;
    private readonly string _connectionString;

    private EventLog(IServiceCollection services, string schema, string connectionString) =>
        (_services, _schema, _connectionString) = (services, schema, connectionString);

    /// <summary>Adds a service's event log.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="schema">Database schema, and name of the forwarder's lock.</param>
    /// <param name="connectionString">The service's own connection string.</param>
    public static EventLog Add(IServiceCollection services, string schema, string connectionString)
    {
        // A writer that froze between drawing an event's number and committing it must not hold the log's end open for ever.
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        connection.Options = $"{connection.Options} -c idle_in_transaction_session_timeout=10s".TrimStart();
        var log = new EventLog(services, schema, connection.ConnectionString);
        services.AddMarten(_ =>
        {
            var options = new StoreOptions();
            options.Connection(connection.ConnectionString);
            options.DatabaseSchemaName = schema;
            options.AutoCreateSchemaObjects = AutoCreate.CreateOrUpdate;
            options.DisableNpgsqlLogging = true;
            options.OpenTelemetry.TrackConnections = TrackLevel.Normal;
            options.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase);
            options.Events.StreamIdentity = StreamIdentity.AsString;
            options.Events.AppendMode = EventAppendMode.Quick;
            options.Events.MetadataConfig.HeadersEnabled = true;
            options.Events.UseListenNotifyForEventAppends = true;
            options.Schema.For<FeedCursor>().DocumentAlias("feed_cursor");
            options.Schema.For<LogMark>().DocumentAlias("log_mark");
            foreach (var configure in log._configure) configure(options);
            return options;
        }).UseLightweightSessions().ApplyAllDatabaseChangesOnStartup();
        services.AddSingleton(p => new LogListener(p.GetRequiredService<IDocumentStore>(), connection.ConnectionString, schema));
        return log;
    }

    /// <summary>Adds a kind of stream. The stored names of its events are those of the base type's JSON discriminators.</summary>
    /// <typeparam name="TState">The stream's state.</typeparam>
    /// <typeparam name="TEvent">Base type of its events.</typeparam>
    /// <param name="alias">Table name of its snapshots.</param>
    /// <param name="fold">How its events add up.</param>
    public EventLog Stream<TState, TEvent>(string alias, Fold<TState, TEvent> fold) where TState : class where TEvent : notnull
    {
        _services.AddSingleton(fold);
        _services.AddSingleton<EventStreams<TState, TEvent>>();
        return Configure(options =>
        {
            options.Schema.For<Snapshot<TState>>().DocumentAlias(alias);
            foreach (var (type, name) in StoredNames(typeof(TEvent))) options.Events.MapEventType(type, name);
        });
    }

    /// <summary>Adds documents, indexes and whatever else belongs to the store.</summary>
    /// <param name="configure">What to add.</param>
    public EventLog Configure(Action<StoreOptions> configure)
    {
        _configure.Add(configure);
        return this;
    }

    /// <summary>Forwards the log to the bus.</summary>
    /// <param name="publications">What each kind of stream publishes.</param>
    public EventLog Forward(Func<MessageComposer, MessageComposer> publications)
    {
        var composer = publications(new());
        _services.AddSingleton<IHostedService>(p => new LogForwarder(
            p.GetRequiredService<IDocumentStore>(), p.GetRequiredService<IBus>(), composer, _connectionString, _schema,
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<LogForwarder>>()));
        return this;
    }

    /// <summary>Events of a kind of stream and the names they are stored under, which never change.</summary>
    /// <param name="eventBase">Base type of the events.</param>
    public static IEnumerable<(Type Type, string Name)> StoredNames(Type eventBase) =>
        eventBase.GetCustomAttributes<JsonDerivedTypeAttribute>().Select(a => (a.DerivedType, (string)a.TypeDiscriminator!));
}
