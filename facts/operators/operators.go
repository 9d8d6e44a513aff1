// Package operators knows custom resources of which operators make pods that no template in the input shows, so that
// "no workload has these labels" is not claimed where an operator may make one.
package operators

import (
	"bulwark/control"
	"bulwark/world"
)

// kinds of widely used operators, as "Kind.group".
var kinds = []string{
	"Prometheus.monitoring.coreos.com", "PrometheusAgent.monitoring.coreos.com", "Alertmanager.monitoring.coreos.com", "ThanosRuler.monitoring.coreos.com",
	"Kafka.kafka.strimzi.io", "KafkaConnect.kafka.strimzi.io", "KafkaNodePool.kafka.strimzi.io",
	"Elasticsearch.elasticsearch.k8s.elastic.co", "Kibana.kibana.k8s.elastic.co", "Logstash.logstash.k8s.elastic.co",
	"Cluster.postgresql.cnpg.io", "postgresql.acid.zalan.do", "PostgresCluster.postgres-operator.crunchydata.com", "PerconaXtraDBCluster.pxc.percona.com",
	"PerconaServerMongoDB.psmdb.percona.com", "MongoDBCommunity.mongodbcommunity.mongodb.com", "RabbitmqCluster.rabbitmq.com",
	"Redis.redis.redis.opstreelabs.in", "RedisFailover.databases.spotahome.com", "Tenant.minio.min.io", "CassandraDatacenter.cassandra.datastax.com",
	"Jaeger.jaegertracing.io", "OpenTelemetryCollector.opentelemetry.io", "Grafana.grafana.integreatly.org", "ArgoCD.argoproj.io",
	"Keycloak.k8s.keycloak.org", "Vault.vault.banzaicloud.com", "VMSingle.operator.victoriametrics.com", "VMCluster.operator.victoriametrics.com",
	"Service.serving.knative.dev", "SparkApplication.sparkoperator.k8s.io", "FlinkDeployment.flink.apache.org", "RayCluster.ray.io",
}

// Fact is the index of such resources.
var Fact = &control.Fact[*Index]{
	Name:  "operators",
	Doc:   "Custom resources of which operators make pods, by namespace.",
	Kinds: kinds,
	Derive: func(v *control.View) (*Index, error) {
		x := &Index{byNamespace: map[string]*world.Object{}}
		for _, kind := range kinds {
			for o := range v.All(kind) {
				if !o.HasPods() && x.byNamespace[o.Namespace] == nil {
					x.byNamespace[o.Namespace] = o
				}
			}
		}
		return x, nil
	},
}

// Index holds one such resource for each namespace that has any. It is immutable.
type Index struct{ byNamespace map[string]*world.Object }

// In returns a resource of which an operator makes pods in a namespace, nil when none is known.
func (x *Index) In(namespace string) *world.Object { return x.byNamespace[namespace] }
