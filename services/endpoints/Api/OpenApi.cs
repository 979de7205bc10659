using System.Globalization;
using System.Text.Json.Nodes;
using Hypervize.Hosting.Requests;
using Microsoft.OpenApi;

namespace Hypervize.Endpoints.Api;

/// <summary>The OpenAPI document, made from the routes and from the same fields that bodies are read by.</summary>
public static class OpenApi
{
    private const string Problem = "Problem";

    private sealed record Body(IReadOnlyList<Field> Fields, bool Change);

    private sealed record Header(string Name, string Says);

    private sealed record Refusal(int Status, string Code);

    /// <summary>Adds the document.</summary>
    /// <param name="services">The service's container.</param>
    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Hypervize", Version = "v1", Description = "A model ID in, a private OpenAI-compatible endpoint out. Errors are problem details (RFC 9457) with a stable code." };
            document.Servers = [];
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key: hvz_live_ and 33 characters." },
            };
            document.Security = [new() { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
            document.AddComponent(Problem, ProblemSchema());
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var notes = context.Description.ActionDescriptor.EndpointMetadata;
            if (notes.OfType<Body>().FirstOrDefault() is { } body)
                operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = Schema(body.Fields, body.Change) } } };
            foreach (var header in notes.OfType<Header>())
                (operation.Parameters ??= []).Add(new OpenApiParameter
                {
                    Name = header.Name, In = ParameterLocation.Header, Description = header.Says, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                });
            foreach (var refusal in notes.OfType<Refusal>().Append(new(StatusCodes.Status401Unauthorized, "identity_missing")).GroupBy(r => r.Status).OrderBy(r => r.Key))
                operation.Responses![Text(refusal.Key)] = new OpenApiResponse
                {
                    Description = string.Join(", ", refusal.Select(r => r.Code).Distinct()),
                    Content = new Dictionary<string, OpenApiMediaType> { ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(Problem, context.Document) } },
                };
            return Task.CompletedTask;
        });
        // Answers leave out what is null.
        options.AddSchemaTransformer((schema, context, _) =>
        {
            foreach (var property in context.JsonTypeInfo.Properties.Where(p => p.IsGetNullable)) schema.Required?.Remove(property.Name);
            return Task.CompletedTask;
        });
    });

    /// <summary>Says what body a route takes.</summary>
    /// <param name="route">The route.</param>
    /// <param name="fields">Fields of the body.</param>
    /// <param name="change">Whether a field that is not given stays as it is: then none is required, and none has a default.</param>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, IReadOnlyList<Field> fields, bool change = false) =>
        route.WithMetadata(new Body(fields, change)).Refuses(400, "malformed_json").Refuses(413, "body_too_large").Refuses(415, "content_type").Refuses(422, "invalid_request");

    /// <summary>Says what header a route honours.</summary>
    /// <param name="route">The route.</param>
    /// <param name="name">The header.</param>
    /// <param name="says">What it does.</param>
    public static RouteHandlerBuilder Honours(this RouteHandlerBuilder route, string name, string says) => route.WithMetadata(new Header(name, says));

    /// <summary>Says how a route may refuse, beyond a missing identity.</summary>
    /// <typeparam name="T">Kind of route builder.</typeparam>
    /// <param name="route">The route.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="codes">The problem's codes.</param>
    public static T Refuses<T>(this T route, int status, params string[] codes) where T : IEndpointConventionBuilder =>
        route.WithMetadata([.. codes.Select(code => new Refusal(status, code))]);

    /// <summary>Says what a route answers when all is well; otherwise it answers with problem details.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="route">The route.</param>
    /// <param name="status">HTTP status.</param>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, int status) => route.Produces<T>(status);

    /// <summary>Says that a route answers without a body when all is well.</summary>
    /// <param name="route">The route.</param>
    /// <param name="status">HTTP status.</param>
    public static RouteHandlerBuilder Answers(this RouteHandlerBuilder route, int status) => route.Produces(status);

    /// <summary>Names a route for people and for generated clients.</summary>
    /// <param name="route">The route.</param>
    /// <param name="summary">What it does.</param>
    /// <param name="name">Operation id.</param>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string summary, string name) => route.WithSummary(summary).WithName(name);

    /// <summary>The schema of a body.</summary>
    /// <param name="fields">Its fields.</param>
    /// <param name="change">Whether a field that is not given stays as it is.</param>
    public static OpenApiSchema Schema(IReadOnlyList<Field> fields, bool change)
    {
        var root = Object();
        foreach (var field in fields)
        {
            var (parent, name) = (root, field.Path);
            while (name.Split('.', 2) is [var group, var inner])
            {
                parent.Properties!.TryAdd(group, Object());
                (parent, name) = ((OpenApiSchema)parent.Properties![group], inner);
            }
            var property = Property(field);
            if (change) property.Default = null;
            if (field is GroupField || field.IsNullable) property.Type |= JsonSchemaType.Null;
            parent.Properties![name] = property;
            if (!change && field is TextField { Or: { } other })
                root.AnyOf = [new OpenApiSchema { Required = new HashSet<string> { name } }, new OpenApiSchema { Required = new HashSet<string> { other } }];
            if (!change && field is TextField { IsOptional: false } or ChoiceField { Default: null, IsOptional: false }) parent.Required!.Add(name);
        }
        return root;
    }

    // RFC 9457, and what we add to it.
    private static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "title", "status", "code" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Words("A page about the status."), ["title"] = Words("The status in words."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
            ["detail"] = Words("What is wrong and what to do, for people."), ["code"] = Words("What is wrong, for programs: stable."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object, Description = "Everything that is wrong with the request, by path of the field.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
            ["traceId"] = Words("Names the request, for who runs the platform."),
        },
    };

    private static OpenApiSchema Words(string says) => new() { Type = JsonSchemaType.String, Description = says };

    private static OpenApiSchema Object(string? says = null) => new()
    {
        Type = JsonSchemaType.Object, Description = says, Properties = new Dictionary<string, IOpenApiSchema>(), Required = new HashSet<string>(), AdditionalPropertiesAllowed = false,
    };

    private static OpenApiSchema Property(Field field) => field switch
    {
        GroupField group => Object(group.Says),
        TextField text => new() { Type = JsonSchemaType.String, Description = text.Says, MinLength = 1, MaxLength = text.MaxLength, Pattern = text.Pattern },
        NumberField number => new()
        {
            Type = JsonSchemaType.Integer, Description = number.Says, Minimum = Text(number.Min), Maximum = Text(number.Max), Default = number.Default,
        },
        DecimalField number => new()
        {
            Type = JsonSchemaType.Number, Description = number.Says, Minimum = number.Min.ToString(CultureInfo.InvariantCulture), Maximum = number.Max.ToString(CultureInfo.InvariantCulture),
        },
        ListField list => new()
        {
            Type = JsonSchemaType.Array, Description = list.Says, MaxItems = list.Most, Items = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = list.MaxLength },
        },
        FlagField flag => new() { Type = JsonSchemaType.Boolean, Description = flag.Says, Default = flag.Default },
        ChoiceField choice => new() { Type = JsonSchemaType.String, Description = choice.Says, Enum = [.. choice.Words.Select(w => (JsonNode)w)], Default = choice.Default },
        _ => throw new InvalidOperationException($"{field.GetType().Name} has no schema."),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
