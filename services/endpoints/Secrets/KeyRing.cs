using System.Xml.Linq;
using Hypervize.Hosting;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Hypervize.Endpoints.Secrets;

/// <summary>A key of the ring, as the framework writes it: encrypted by <see cref="MasterKeyEncryptor"/>.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Xml">The element.</param>
public sealed record KeyRingElement(string Id, string Xml);

/// <summary>
/// The key ring, in this service's schema. The framework asks for it without waiting, rarely (a key lives for 90 days), and from a thread
/// that may block; so it is read by statements and not by the store.
/// </summary>
/// <param name="postgres">Where the database is.</param>
public sealed class KeyRing(PostgresSettings postgres) : IXmlRepository
{
    /// <summary>Table name of its documents.</summary>
    public const string Alias = "key_ring";

    private const string Table = $"endpoints.mt_doc_{Alias}";

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var connection = Open();
        using var command = new NpgsqlCommand($"select data ->> 'xml' from {Table} order by id", connection);
        using var rows = command.ExecuteReader();
        var elements = new List<XElement>();
        while (rows.Read()) elements.Add(XElement.Parse(rows.GetString(0)));
        return elements;
    }

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName)
    {
        using var connection = Open();
        using var command = new NpgsqlCommand($"insert into {Table} (id, data) values ($1, jsonb_build_object('id', $1, 'xml', $2)) on conflict (id) do nothing", connection);
        command.Parameters.Add(new() { Value = friendlyName });
        command.Parameters.Add(new() { Value = element.ToString(SaveOptions.DisableFormatting) });
        command.ExecuteNonQuery();
    }

    private NpgsqlConnection Open()
    {
        var connection = new NpgsqlConnection(postgres.ConnectionString);
        connection.Open();
        return connection;
    }
}
