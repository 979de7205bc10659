using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hypervize.Hosting;

/// <summary>The one way JSON is written over HTTP: camelCase, nulls left out, contract enums by their wire names.</summary>
public static class Json
{
    /// <summary>Options for clients that read what services write.</summary>
    public static JsonSerializerOptions Options { get; } = Made();

    /// <summary>Applies the options to others.</summary>
    /// <param name="options">Options to change.</param>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = true;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.AllowOutOfOrderMetadataProperties = true;
    }

    private static JsonSerializerOptions Made()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
