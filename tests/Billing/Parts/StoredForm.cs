using Hypervize.Billing.Spending;
using Hypervize.Contracts;
using Hypervize.EventSourcing;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Hypervize.Billing.Tests;

/// <summary>Events as the service's store writes and reads them. Needs no database.</summary>
internal static class StoredForm
{
    private static readonly DocumentStore Store = Open();

    public static IReadOnlyList<(Type Type, string Name)> Names { get; } = [.. EventLog.StoredNames(typeof(SpendEvent))];

    public static string Write(object e) => Store.Serializer.ToJson(e);

    public static object Read(Type type, string json)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        return Store.Serializer.FromJson(type, stream);
    }

    public static T RoundTrip<T>(T it) where T : class => (T)Read(it.GetType(), Write(it));

    private static DocumentStore Open()
    {
        var services = new ServiceCollection();
        EventLog.Add(services, "billing", "Host=nowhere").Stream("spend", SpendLife.Fold);
        return (DocumentStore)services.BuildServiceProvider().GetRequiredService<IDocumentStore>();
    }
}
