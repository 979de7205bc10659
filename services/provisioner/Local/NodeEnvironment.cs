using System.Collections;
using Hypervize.Contracts;

namespace Hypervize.Provisioner.Local;

/// <summary>
/// The variables a node gets: the few named here, its runtime profile's own, and its tags. The provisioner's own settings are
/// among its variables, so everything else stays behind: connection strings, signing keys, tokens.
/// </summary>
public static class NodeEnvironment
{
    /// <summary>Tag of a process: the node it belongs to.</summary>
    public const string NodeTag = "HYPERVIZE_NODE_ID";

    /// <summary>Tag of a process: the installation it belongs to.</summary>
    public const string InstallationTag = "HYPERVIZE_INSTALLATION";

    /// <summary>Tag of a process: its node's folder, which tells installations of one name apart.</summary>
    public const string FolderTag = "HYPERVIZE_NODE_FOLDER";

    private static readonly string[] Allowed =
        ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DOTNET_ROOT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    private static readonly string[] AllowedBeginnings = ["LC_", "OTEL_", "CUDA_", "NVIDIA_", "ROCR_", "HIP_"];

    /// <summary>The variables of a node.</summary>
    /// <param name="own">The provisioner's variables.</param>
    /// <param name="profile">Those of the runtime profile.</param>
    /// <param name="tags">The node's tags.</param>
    /// <param name="secrets">Its endpoint's secrets.</param>
    /// <param name="traceParent">The trace its start belongs to; null when it is not traced.</param>
    public static Dictionary<string, string> Of(
        IDictionary own, IReadOnlyDictionary<string, string> profile, IReadOnlyDictionary<string, string> tags, NodeSecrets secrets, string? traceParent)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in own)
            if (variable is { Key: string name, Value: string value } && IsAllowed(name)) variables[name] = value;
        foreach (var (name, value) in profile.Concat(tags)) variables[name] = value;
        if (secrets.HuggingFaceToken is { } token) variables["HF_TOKEN"] = token;
        if (traceParent is not null) variables["TRACEPARENT"] = traceParent;
        return variables;
    }

    // The exporter's headers bear the collector's credentials, and the service's name is the provisioner's; a profile may give a node its own.
    private static bool IsAllowed(string name) =>
        Allowed.Contains(name)
        || (AllowedBeginnings.Any(b => name.StartsWith(b, StringComparison.Ordinal)) && !name.EndsWith("_HEADERS", StringComparison.Ordinal) && name != "OTEL_SERVICE_NAME");
}
