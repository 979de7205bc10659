using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hypervize.Catalog;
using Hypervize.Client;
using Hypervize.Hosting.Requests;

namespace Hypervize.Dashboard.Deploy;

/// <summary>The form as it is typed, what is wrong with it, and what it asks of the API.</summary>
public sealed class DeployForm
{
    /// <summary>Code of refusals that say what is wrong with which field.</summary>
    public const string Invalid = "invalid_request";

    private readonly Dictionary<string, string> _texts = DeployFields.Numbers.ToDictionary(f => f.Path, f => f.Default?.ToString(CultureInfo.InvariantCulture) ?? "");
    private readonly Dictionary<string, string> _refused = [];

    /// <summary>Catalogue id of the hardware that was chosen; null for the cheapest that fits.</summary>
    public string? Hardware { get; set; }

    /// <summary>What serves the model.</summary>
    public string Runtime { get; set; } = DeployFields.Simulator;

    /// <summary>Whether anyone may call it.</summary>
    public bool IsPublic { get; set; }

    /// <summary>Whether logs and telemetry are kept.</summary>
    public bool Telemetry { get; set; }

    /// <summary>Whether the model's own code may run.</summary>
    public bool TrustsRemoteCode { get; set; }

    /// <summary>Whether nodes are simulated.</summary>
    public bool IsSimulated => Runtime == DeployFields.Simulator;

    /// <summary>Whether nodes run on this installation's own machines, so that there is no hardware to choose.</summary>
    public bool IsOnOwnMachines => !IsSimulated;

    /// <summary>Catalogue id of the hardware that is asked for; null for the cheapest that fits.</summary>
    public string? WantedHardware => IsOnOwnMachines ? HardwareCatalog.Local : Hardware;

    /// <summary>Whether it may sleep.</summary>
    public bool Sleeps => Number(DeployFields.Min) == 0;

    /// <summary>Path of the field that should have the focus; null for none.</summary>
    public string? Focus { get; private set; }

    /// <summary>What stands in a field.</summary>
    /// <param name="field">The field.</param>
    public string this[Field field] => _texts.GetValueOrDefault(field.Path, "");

    /// <summary>Types into a field: what the API said of it before is said no longer.</summary>
    /// <param name="field">The field.</param>
    /// <param name="text">All that stands in it then.</param>
    public void Type(Field field, string text)
    {
        _texts[field.Path] = text;
        Settle(field.Path);
        // It opens a model that was closed.
        if (field == DeployFields.Token) Settle(DeployFields.Model.Path);
    }

    /// <summary>Forgets what the API said of a field.</summary>
    /// <param name="path">Its path; null for all fields.</param>
    public void Settle(string? path)
    {
        if (path is null) _refused.Clear();
        else _refused.Remove(path);
        Focus = null;
    }

    /// <summary>Keeps what the API said of fields.</summary>
    /// <param name="refusal">What the API said.</param>
    public void Take(RefusedException refusal)
    {
        _refused.Clear();
        foreach (var (path, messages) in refusal.Errors.Where(e => Paths.Contains(e.Key))) _refused[path] = Sentence(string.Join("; ", messages));
    }

    /// <summary>Looks at the first field that the API said something of.</summary>
    public void LookAtWrong() => Focus = Paths.FirstOrDefault(_refused.ContainsKey);

    /// <summary>Looks at a field.</summary>
    /// <param name="field">The field.</param>
    public void LookAt(Field field) => Focus = field.Path;

    /// <summary>Whether something is wrong with one of some fields.</summary>
    /// <param name="paths">Their paths.</param>
    public bool IsWrongWithin(params IEnumerable<string> paths) => paths.Any(p => ErrorOf(p) is not null);

    /// <summary>What a refusal says of fields that are none of the form's, and so must be said elsewhere.</summary>
    /// <param name="refusal">The refusal.</param>
    public static RefusedException Beside(RefusedException refusal) => new(refusal.Message)
    {
        Status = refusal.Status, Code = refusal.Code, Detail = refusal.Code == Invalid ? "Some fields are wrong: what is wrong stands beside them." : refusal.Detail, Errors = refusal.Errors.Where(e => !Paths.Contains(e.Key)).ToDictionary(),
    };

    /// <summary>What is wrong with a field: with what is typed, else what the API said of it; null for nothing.</summary>
    /// <param name="path">The field's path.</param>
    public string? ErrorOf(string path) =>
        (DeployFields.Numbers.FirstOrDefault(f => f.Path == path) is { } number ? ErrorOf(number) : DeployFields.Texts.FirstOrDefault(f => f.Path == path) is { } text ? ErrorOf(text) : null)
        ?? _refused.GetValueOrDefault(path);

    /// <summary>Fields with something wrong typed into them, as they are called; those that are not shown do not count.</summary>
    public IReadOnlyList<string> Wrong => [.. ((Field[])[.. DeployFields.Texts, .. DeployFields.Numbers]).Where(f => IsShown(f) && IsMistyped(f)).Select(f => f.Says)];

    /// <summary>A field's number; null when nothing is typed, or no number within its bounds.</summary>
    /// <param name="field">The field.</param>
    public int? Number(NumberField field) => int.TryParse(this[field].Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= field.Min && number <= field.Max ? number : null;

    /// <summary>A field's text; null when nothing is typed. Until a name is, it is what the model's own ends with: shown in the field's place and not written into it, where it would come between what is being typed.</summary>
    /// <param name="field">The field.</param>
    public string? Text(TextField field) =>
        this[field].Trim() is { Length: > 0 } text ? text : field == DeployFields.Name && NameOf(this[DeployFields.Model]) is { Length: > 0 } name ? name : null;

    /// <summary>What a quote is asked for; null while no model is named, or something that it rests on is wrong.</summary>
    public QuoteAsk? Ask() =>
        Text(DeployFields.Model) is not { } model || Runtime == DeployFields.OwnCommand || ((Field[])[DeployFields.Model, DeployFields.Token, DeployFields.Context, DeployFields.Quantization]).Any(IsMistyped) ? null
            : new(model, Text(DeployFields.Token), Number(DeployFields.Context), Text(DeployFields.Quantization), WantedHardware, Telemetry)
            {
                Nodes = Number(DeployFields.Min) is { } min && Number(DeployFields.Max) is { } max && min <= max ? (min, max) : null,
            };

    /// <summary>What the API is told to create the endpoint.</summary>
    /// <param name="quoteId">The quote that it is created by; null to say by hand what a quote would.</param>
    public JsonObject ToBody(string? quoteId)
    {
        var body = new JsonObject { ["name"] = Text(DeployFields.Name), ["runtime"] = Runtime };
        if (quoteId is not null) body["quote"] = quoteId;
        else
        {
            (body["model"], body["hardware"]) = (Text(DeployFields.Model), WantedHardware);
            if (Number(DeployFields.Context) is { } context) body["context"] = context;
            if (Text(DeployFields.Quantization) is { } quantization) body["quantization"] = quantization;
        }
        if (Text(DeployFields.Token) is { } token) body["huggingFaceToken"] = token;
        if (TrustsRemoteCode) body["trustRemoteCode"] = true;
        var scaling = new JsonObject { ["min"] = Number(DeployFields.Min), ["max"] = Number(DeployFields.Max), ["concurrency"] = Number(DeployFields.Concurrency) };
        if (Sleeps) scaling["idleSeconds"] = Number(DeployFields.Idle);
        (body["scaling"], body["holdSeconds"], body["access"], body["telemetry"]) = (scaling, Number(DeployFields.Hold), IsPublic ? "public" : "private", Telemetry);
        var ofAddress = new JsonObject();
        if (Number(DeployFields.AddressPerMinute) is { } perMinute) ofAddress["requestsPerMinute"] = perMinute;
        if (Number(DeployFields.AddressAtOnce) is { } atOnce) ofAddress["concurrent"] = atOnce;
        if (IsPublic && ofAddress.Count > 0) body["limits"] = new JsonObject { ["perAddress"] = ofAddress };
        return body;
    }

    /// <summary>A name for an endpoint of a model: what the model's own ends with.</summary>
    /// <param name="model">Reference of the model.</param>
    public static string NameOf(string model)
    {
        var last = model.Trim().TrimEnd('/').Split('/')[^1].Split('@', '?')[0];
        if (last.StartsWith("endpt-", StringComparison.Ordinal)) last = last["endpt-".Length..];
        var name = new string([.. last.Where(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '-').SkipWhile(c => !char.IsLetterOrDigit(c)).Take(DeployFields.Name.MaxLength)]);
        return IsMatch(DeployFields.Name, name) ? name : "";
    }

    private static IReadOnlyList<string> Paths { get; } =
        [.. DeployFields.Texts.Select(f => f.Path), DeployFields.Hardware, .. DeployFields.Numbers.Select(f => f.Path), DeployFields.Runtime, DeployFields.TrustRemoteCode];

    private bool IsShown(Field field) =>
        field == DeployFields.Idle ? Sleeps : !(field == DeployFields.AddressPerMinute || field == DeployFields.AddressAtOnce) || IsPublic;

    private bool IsMistyped(Field field) => field switch
    {
        NumberField number => ErrorOf(number) is not null,
        TextField text => ErrorOf(text) is not null,
        _ => false,
    };

    private string? ErrorOf(NumberField field)
    {
        var text = this[field].Trim();
        if (text.Length == 0) return field.Default is null ? null : $"Must be given: a whole number between {Words(field.Min)} and {Words(field.Max)}.";
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return $"Must be a whole number between {Words(field.Min)} and {Words(field.Max)}, written in digits.";
        if (number < field.Min || number > field.Max) return $"Must lie between {Words(field.Min)} and {Words(field.Max)}, not be {text}.";
        return field == DeployFields.Min && Number(DeployFields.Max) is { } max && number > max ? $"Must not be above the most nodes, {Words(max)}." : null;
    }

    private string? ErrorOf(TextField field)
    {
        // That nothing is typed at all is said where one would go on.
        if (Text(field) is not { } text) return field.IsOptional || Text(DeployFields.Model) is null ? null : "Must be given.";
        if (text.Length > field.MaxLength) return $"Must have at most {field.MaxLength} characters.";
        return IsMatch(field, text) ? null : $"Must be {field.Shape}.";
    }

    private static bool IsMatch(TextField field, string text) => Regex.IsMatch(text, field.Pattern!, RegexOptions.CultureInvariant);

    private static string Sentence(string text) => text.Length == 0 ? text : $"{char.ToUpperInvariant(text[0])}{text[1..].TrimEnd('.')}.";

    private static string Words(int number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
