# One image for every service: docker build --build-arg SERVICE=endpoints --build-arg PROJECT=Hypervize.Endpoints .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG SERVICE
ARG PROJECT
WORKDIR /src
COPY . .
RUN dotnet publish "services/${SERVICE}/${PROJECT}.csproj" --configuration Release --output /app \
 && dotnet publish tools/simulator/Hypervize.Simulator.csproj --configuration Release --output /app/simulator

FROM mcr.microsoft.com/dotnet/aspnet:10.0
ARG PROJECT
# util-linux's setsid lets nodes outlive a restarted provisioner; it is part of the base image.
ENV HYPERVIZE_DLL=${PROJECT}.dll
WORKDIR /app
COPY --from=build /app .
RUN mkdir -p /data && chown app /data
VOLUME /data
USER app
ENTRYPOINT ["sh", "-c", "exec dotnet \"$HYPERVIZE_DLL\""]
