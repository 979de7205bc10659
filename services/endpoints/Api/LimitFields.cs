using Hypervize.Contracts;
using Hypervize.Hosting.Requests;

namespace Hypervize.Endpoints.Api;

/// <summary>The fields of request limits: of a key, of an endpoint, of each address.</summary>
/// <param name="path">Where they stand.</param>
/// <param name="says">Whose limits they are.</param>
public sealed class LimitFields(string path, string says)
{
    /// <summary>The object itself.</summary>
    public GroupField Whole { get; } = new(path, $"{says} Replaced as a whole; null for none.");

    /// <summary><c>requestsPerMinute</c></summary>
    public NumberField RequestsPerMinute { get; } = new($"{path}.requestsPerMinute", "Requests that may begin in a minute; null for any number.", 1, 1_000_000, null) { IsNullable = true };

    /// <summary><c>concurrent</c></summary>
    public NumberField Concurrent { get; } = new($"{path}.concurrent", "Requests at once; null for any number.", 1, 100_000, null) { IsNullable = true };

    /// <summary>All of them.</summary>
    public IReadOnlyList<Field> All => [Whole, RequestsPerMinute, Concurrent];

    /// <summary>Reads limits; null for none, also when an object says none.</summary>
    /// <param name="reader">The body.</param>
    public RequestLimits? Read(RequestReader reader)
    {
        var limits = new RequestLimits(reader.Number(RequestsPerMinute), reader.Number(Concurrent));
        return limits == new RequestLimits() ? null : limits;
    }
}

/// <summary>The fields of an endpoint's limits.</summary>
/// <param name="path">Where they stand.</param>
public sealed class EndpointLimitFields(string path)
{
    private readonly LimitFields _ofAll = new(path, "How many inference requests it takes, whoever calls.");
    private readonly LimitFields _ofAddress = new($"{path}.perAddress", "How many of each client address, while anyone may call.");

    /// <summary>The object itself.</summary>
    public GroupField Whole => _ofAll.Whole;

    /// <summary>All of them.</summary>
    public IReadOnlyList<Field> All => [.. _ofAll.All, .. _ofAddress.All];

    /// <summary>Reads limits; null for none, also when an object says none.</summary>
    /// <param name="reader">The body.</param>
    public EndpointLimits? Read(RequestReader reader)
    {
        var (ofAll, ofAddress) = (_ofAll.Read(reader), _ofAddress.Read(reader));
        return ofAll is null && ofAddress is null ? null : new(ofAll?.RequestsPerMinute, ofAll?.Concurrent, ofAddress);
    }
}
