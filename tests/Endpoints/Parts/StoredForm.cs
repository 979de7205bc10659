using Hypervize.Contracts;
using Hypervize.Endpoints.Keys;
using Hypervize.Endpoints.Lifecycle;
using Hypervize.EventSourcing;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Hypervize.Endpoints.Tests;

/// <summary>Events as the service's store writes and reads them. Needs no database.</summary>
internal static class StoredForm
{
    private static readonly DocumentStore Store = Open();

    public static IReadOnlyList<(Type Type, string Name)> Names { get; } =
        [.. EventLog.StoredNames(typeof(EndpointEvent)), .. EventLog.StoredNames(typeof(AccountEvent))];

    public static string Write(object e) => Store.Serializer.ToJson(e);

    public static object Read(Type type, string json)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        return Store.Serializer.FromJson(type, stream);
    }

    public static object RoundTrip(object e) => Read(e.GetType(), Write(e));

    private static DocumentStore Open()
    {
        var services = new ServiceCollection();
        EventLog.Add(services, "endpoints", "Host=nowhere").Stream("endpoint", EndpointLife.Fold).Stream("account", AccountLife.Fold);
        return (DocumentStore)services.BuildServiceProvider().GetRequiredService<IDocumentStore>();
    }
}
